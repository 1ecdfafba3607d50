"""Formats events as sentences for the log."""

from failover.agent.timestamp import timestamp
from failover.events import KINDS
from failover.messages import Event


def line(event: Event) -> str:
    """The line of a log file: time, virtual router, sentence."""
    who = f" {_who(event)}" if event.name else ""
    return f"{timestamp(event.at)}{who}: {sentence(event)}"


def message(event: Event) -> str:
    """The message of a journal entry: virtual router and sentence, without the time, which the journal adds."""
    return f"{_who(event)}: {sentence(event)}" if event.name else sentence(event)


def sentence(event: Event) -> str:
    """What happened, as a sentence; or the kind and the fields, where there is no sentence or a field is missing.

    That happens where agent and engine are of different versions: an agent is restarted from whatever is installed.
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
