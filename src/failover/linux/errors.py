"""System errors for people: the reason in words, without the number that `str()` puts before it."""


def reason(error: OSError) -> str:
    """Such as `Network is unreachable`."""
    return error.strerror or str(error)


def describe(error: OSError) -> str:
    """The same, after the file that it is about, if there is one."""
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)
