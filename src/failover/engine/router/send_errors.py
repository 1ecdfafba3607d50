"""What a router has to send and cannot: a MASTER that nobody hears looks healthy otherwise."""

from failover.messages import SendError


class SendErrors:
    """The failures in a row of one router, by what could not be sent. Sending it clears them."""

    def __init__(self) -> None:
        self._errors: dict[str, SendError] = {}

    def __bool__(self) -> bool:
        return bool(self._errors)

    @property
    def worst(self) -> SendError | None:
        """The one that has failed most often in a row, None where nothing fails."""
        return max(self._errors.values(), key=lambda error: error.count, default=None)

    def failed(self, what: str, error: str, at: int) -> None:
        """Something could not be sent, at this wall-clock time (ns)."""
        before = self._errors.get(what)
        self._errors[what] = SendError(what=what, error=error, count=before.count + 1 if before else 1, at=at)

    def sent(self, what: str) -> SendError | None:
        """Something was sent: the failures that are over now."""
        return self._errors.pop(what, None) if self._errors else None

    def forget(self) -> None:
        """There is nothing to send any more."""
        self._errors.clear()
