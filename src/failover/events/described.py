"""What is known of every kind of event, and how severe an event can be. The kinds themselves: `kinds`."""

from enum import Enum, IntEnum

from failover.messages import Event
from failover.wording import Fields, Names, Words


class Severity(IntEnum):
    """How grave an event is, by the levels of syslog(3)."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


class Described(Enum):
    """A kind of event: its members are those of `kinds.Kind`, which says what each part means."""

    when: str
    severity: Severity
    fields: tuple[str, ...]
    words: Words
    limited_by: tuple[str, ...] | None

    def __init__(
        self, when: str, severity: Severity, fields: Names, words: Words, limited_by: Names | None = None
    ) -> None:
        self.when = when
        self.severity = severity
        self.fields = fields
        self.words = words
        self.limited_by = limited_by

    @property
    def label(self) -> str:
        """As it is called in an event, a log and the documentation, such as `state_changed`."""
        return self.name.lower()

    def event(self, at: int, fields: Fields, name: str | None = None, family: str | None = None) -> Event:
        """An event of this kind at wall-clock time `at` (ns); `name` and `family` are those of the virtual router."""
        return Event(at=at, kind=self.label, name=name, family=family, fields=fields)
