"""Events as sentences for the log. An event is data; this is one rendering of it, and decides nothing."""

from failover.agent.timestamp import timestamp
from failover.events import KINDS
from failover.messages import Event


def line(event: Event) -> str:
    """One line: time, virtual router, sentence."""
    who = f" {_who(event)}" if event.name else ""
    return f"{timestamp(event.at)}{who}: {sentence(event)}"


def message(event: Event) -> str:
    """The same without the time."""
    return f"{_who(event)}: {sentence(event)}" if event.name else sentence(event)


def sentence(event: Event) -> str:
    """What happened, in words; a kind that has no words of its own shows its fields, and so does one that lacks any.

    An agent may be newer than its engine: it is started again from whatever is installed by then.
    """
    try:
        text = KINDS[event.kind].words(event.fields)
    except KeyError:
        listed = " ".join(f"{key}={value}" for key, value in event.fields.items())
        text = f"{event.kind} {listed}"
    suppressed = event.fields.get("suppressed")
    return f"{text} (and {suppressed} more like it since the last report)" if suppressed else text


def _who(event: Event) -> str:
    return f"{event.name} ({event.family})"
