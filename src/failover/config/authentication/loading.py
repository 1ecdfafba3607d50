"""Puts the secrets of a virtual router into its settings, from the files that they name."""

from failover.config.authentication.secret_files import Read, read_secret
from failover.config.authentication.setting import Authentication, method_of
from failover.config.checking.draft import Draft
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint
from failover.vrrp.authentication.secret import Secret


def load_secrets(draft: Draft, read: Read = read_secret) -> None:
    """Check the authentication of the draft of a virtual router, and read what it names and has not yet.

    Adds problems that say what is wrong.
    """
    found = draft.values.get("authentication")
    if not isinstance(found, Authentication):
        return
    method = method_of(found)
    method.check(draft, found)
    if found.is_loaded:
        return
    secrets: list[Secret] = []
    for place, source in found.sources.items():
        content = read(source)
        secret = content if isinstance(content, Complaint) else method.complaint(content)
        if isinstance(secret, Secret):
            secrets.append(secret)
            continue
        path = within(draft.path, "authentication")
        for step in (*place, source.kind):
            path = within(path, step)
        draft.problems.append(Problem(path, show(source.name), secret.message, method.allowed, secret.suggestion))
    if len(secrets) == len(found.sources):
        draft.values["authentication"] = found.with_secrets(secrets)
