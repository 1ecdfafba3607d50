"""`Secret`: bytes that are shown to nobody by accident."""


class Secret:
    """A password or a key. In a `repr`, and so in logs, errors and tests, it says only that it is there."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __repr__(self) -> str:
        return "Secret(hidden)"
