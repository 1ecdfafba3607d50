"""The method `hmac_sha256`: advertisements that are signed with a key."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import msgspec

from failover.config.authentication.secret_files import Secrets, Source
from failover.config.authentication.sources import FORM, SCHEMA, not_an_object, source
from failover.config.checking.draft import Draft
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint, Nested, Setting, about, settings_of
from failover.config.checking.syntax import repeated
from failover.vrrp.authentication.keys import KEY_IDS, KEY_LENGTHS, AuthenticationMode, KeyedAuthentication
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.units import seconds

ALLOWED: Final = "a file with 64 to 128 hexadecimal digits, for a key of 32 to 64 bytes"
LEAST_WINDOW: Final = 5.0
"""Seconds: the window that is used if none is set, unless three intervals are longer."""
INTERVALS: Final = 3
"""That a window has at least: two advertisements may be lost, and the next one late."""
_KEYS_FORM: Final = '{"1": {"file": "/PATH"}, ...}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """Advertisements are signed."""

    keys: tuple[tuple[int, Source], ...]
    active_key: int
    mode: AuthenticationMode
    anti_replay: str
    time_window: float
    """Seconds; 0: the default."""
    secrets: tuple[Secret, ...] = ()
    """The keys in the same order, once they are read."""

    @property
    def sources(self) -> Secrets:
        """Where its keys are."""
        return {("keys", str(number)): where for number, where in self.keys}

    @property
    def is_loaded(self) -> bool:
        """Whether its keys are read."""
        return bool(self.secrets)

    def with_secrets(self, read: list[Secret]) -> "Keyed":
        """The same with the secrets of its sources."""
        return replace(self, secrets=tuple(read))

    def for_instance(self, advert_interval: float) -> dict[str, Any]:
        """What a protocol instance gets of it."""
        window = self.time_window or max(LEAST_WINDOW, INTERVALS * advert_interval)
        return {
            "keyed": KeyedAuthentication(
                keys=tuple(zip((number for number, _ in self.keys), self.secrets, strict=True)),
                active_key=self.active_key,
                mode=self.mode,
                window=seconds(window) if self.anti_replay == "time" else None,
            )
        }

    def written(self) -> dict[str, Any]:
        """As the file has it."""
        window = {"time_window": self.time_window} if self.time_window else {}
        return {
            "method": "hmac_sha256",
            "keys": {str(number): dict([where]) for number, where in self.keys},
            "active_key": self.active_key,
            "mode": self.mode.value,
            "anti_replay": self.anti_replay,
            **window,
        }


def _keys(value: object, path: str) -> tuple[tuple[tuple[int, Source], ...] | None, list[Problem]]:
    if not isinstance(value, Mapping):
        return None, [not_an_object(value, path, _KEYS_FORM)]
    problems = repeated(value, path)
    if not value:
        problems.append(Problem(path, "{}", "lists no key", "at least one"))
    found: list[tuple[int, Source]] = []
    for key, where in value.items():
        number = int(key) if isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 3 else 0
        if number not in KEY_IDS or str(number) != key:
            problems.append(Problem(within(path, str(key)), show(key), "is no number of a key", '"1" to "255"'))
            continue
        place, wrong = source(where, within(path, key))
        problems += wrong
        if place is not None:
            found.append((number, place))
    return (None, problems) if problems else (tuple(found), [])


class _Settings(msgspec.Struct):
    method: Annotated[
        Literal["hmac_sha256"],
        about("Each advertisement is signed with a key, as in keepalived 2.4.2 and later.", '"hmac_sha256"'),
    ]
    keys: Annotated[
        dict[str, Any],
        about(
            "Where the keys are, by number. What is received may be signed with any of them.",
            f'an object with {FORM} for each of "1" to "255"; each has 64 to 128 hexadecimal digits (32 to 64 bytes)',
            check=Nested(
                _keys,
                {
                    "type": "object",
                    "minProperties": 1,
                    "patternProperties": {"^([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$": SCHEMA},
                    "additionalProperties": False,
                },
            ),
        ),
    ]
    active_key: Annotated[
        int, about("The number of the key that signs what this host sends.", "one of the keys", ge=1, le=255)
    ]
    mode: Annotated[
        AuthenticationMode,
        about(
            "What is sent and what is demanded. With receive_only, this host does not sign. With permissive, it signs."
            " Both also accept advertisements without a signature. With enforce, it signs and demands a signature.",
            '"receive_only", "permissive" or "enforce"',
        ),
    ] = AuthenticationMode.ENFORCE
    anti_replay: Annotated[
        Literal["time", "sequence"],
        about(
            "What makes a recorded advertisement useless. With sequence, it is refused if it is not newer than the last"
            " one. With time, it is also refused if its time is not about now, so the clocks of the hosts must agree.",
            '"time" or "sequence"',
        ),
    ] = "time"
    time_window: Annotated[
        float,
        about(
            "How far the time of an advertisement may be from this host's clock.",
            "0.03 to 765, and at least three intervals; only with anti_replay time",
            unit="seconds",
            default_text="5, or three intervals if that is more",
            ge=0.03,
            le=765,
        ),
    ] = 0.0


SETTINGS: Final[dict[str, Setting]] = settings_of(_Settings)
"""The keys of the object by name, in the order of the documentation."""


def made(values: dict[str, Any]) -> Keyed:
    """From good values of all keys."""
    return Keyed(**{name: value for name, value in values.items() if name != "method"})


def complaint(text: Secret) -> Complaint | Secret:
    """The key that the content of a file is, or what is wrong with it."""
    try:
        key = bytes.fromhex(text.reveal().decode("ascii").strip())
    except ValueError:
        return Complaint("contains something else than hexadecimal digits", "openssl rand -hex 32 makes a key")
    if len(key) not in KEY_LENGTHS:
        return Complaint(f"has a key of {len(key)} bytes", "openssl rand -hex 32 makes a key")
    return Secret(key)


def check(draft: Draft, keyed: Keyed) -> None:
    """Add the problems with other settings, and of these with each other."""
    path = within(draft.path, "authentication")
    known = [number for number, _ in keyed.keys]
    if keyed.active_key not in known:
        allowed = f"one of the keys, {', '.join(map(str, sorted(known)))}"
        draft.problems.append(
            Problem(within(path, "active_key"), str(keyed.active_key), "is the number of no key", allowed)
        )
    window, interval = keyed.time_window, draft.values.get("advert_interval")
    if not window:
        return
    path = within(path, "time_window")
    if keyed.anti_replay != "time":
        draft.problems.append(
            Problem(path, show(window), "has no effect without anti_replay time", "leave the key out")
        )
    elif interval is not None and window < INTERVALS * interval:
        least = f"at least three intervals, {INTERVALS * interval:g} s"
        draft.problems.append(Problem(path, show(window), "is too short", least))
