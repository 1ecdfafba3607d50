"""Puts the secrets of a virtual router into its settings, from the files that they name."""

from failover.config.authentication.secret_files import Read, read_secret
from failover.config.authentication.setting import Authentication
from failover.config.checking.draft import Draft
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.protocol import Version


def load_secrets(draft: Draft, read: Read = read_secret) -> None:
    """Read what the draft of a virtual router names and has not yet, or add a problem that says why not."""
    found = draft.values.get("authentication")
    if not isinstance(found, Authentication):
        return
    if draft.values.get("version") is Version.V3:
        draft.blame("authentication", "", "a password needs version 2", "none with version 3")
        return
    if found.secret is not None:
        return
    secret = read(found.source)
    complaint = secret if isinstance(secret, Complaint) else _complaint(secret)
    if complaint is None and isinstance(secret, Secret):
        draft.values["authentication"] = found.with_secret(secret)
    elif complaint is not None:
        path = within(within(within(draft.path, "authentication"), "password"), found.source.kind)
        allowed = "a file with a password of at least 1 byte"
        draft.problems.append(Problem(path, show(found.source.name), complaint.message, allowed, complaint.suggestion))


def _complaint(password: Secret) -> Complaint | None:
    content = password.reveal()
    if not content:
        return Complaint("is empty")
    if b"\0" in content or b"\n" in content:
        return Complaint("contains a zero byte or several lines")
    return None
