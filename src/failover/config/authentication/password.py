"""The method `password`: what a virtual router of version 2 may have."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import msgspec

from failover.config.authentication.secret_files import Secrets, Source
from failover.config.authentication.sources import FORM, NESTED
from failover.config.checking.draft import Draft
from failover.config.checking.settings import Complaint, Setting, about, settings_of
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.protocol import Version

ALLOWED: Final = "a file with a password of at least 1 byte"


@dataclass(frozen=True, slots=True)
class Password:
    """A password in each advertisement."""

    source: Source
    secret: Secret | None = None
    """The password, once it is read."""

    @property
    def sources(self) -> Secrets:
        """Where its secret is."""
        return {("password",): self.source}

    @property
    def is_loaded(self) -> bool:
        """Whether its secret is read."""
        return self.secret is not None

    def with_secrets(self, read: list[Secret]) -> "Password":
        """The same with the secret of its source."""
        return replace(self, secret=read[0])

    def for_instance(self, _: float) -> dict[str, Any]:
        """What a protocol instance gets of it."""
        return {"password": self.secret}

    def written(self) -> dict[str, Any]:
        """As the file has it."""
        return {"method": "password", "password": dict([self.source])}


class _Keys(msgspec.Struct):
    method: Annotated[
        Literal["password"], about("Each advertisement contains a password.", '"password", with version 2')
    ]
    password: Annotated[
        Source,
        about(
            "Where the password is. The first 8 bytes count. Anyone on the LAN can read them in the advertisements.",
            f"{FORM}: a file that other users may not read, or a credential of the systemd unit",
            section="RFC 2338 §5.3.6",
            check=NESTED,
        ),
    ]


SETTINGS: Final[dict[str, Setting]] = settings_of(_Keys)
"""The keys of the object by name, in the order of the documentation."""


def made(values: dict[str, Any]) -> Password:
    """From good values of all keys."""
    return Password(values["password"])


def complaint(password: Secret) -> Complaint | Secret:
    """The password that the content of a file is, or what is wrong with it."""
    content = password.reveal()
    if not content:
        return Complaint("is empty")
    if b"\0" in content or b"\n" in content:
        return Complaint("contains a zero byte or several lines")
    return password


def check(draft: Draft, _: Password) -> None:
    """Add the problems with other settings."""
    if draft.values.get("version") is Version.V3:
        draft.blame("authentication", "", "a password needs version 2", "none with version 3, or method hmac_sha256")
