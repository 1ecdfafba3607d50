"""`Built`: the metaclass of what is built from settings in code, so that every mistake is a `ConfigError`."""

from typing import Any, Final, cast

import msgspec

from failover.config.checking.examine import examine
from failover.config.checking.problems import ConfigError, Problem, kind_of
from failover.config.checking.settings import settings_of

_MOST_NAMED: Final = 10


class Built(msgspec.StructMeta):
    """Where the constructor is not given what is required, or given what is unknown, says so in our own words.

    So it does where a setting is given without its name.
    """

    def __call__(self, *args: Any, **given: Any) -> Any:
        if args:
            raise ConfigError(self.__name__, [_nameless(self.__name__, one) for one in args[:_MOST_NAMED]])
        try:
            return super().__call__(**given)
        except TypeError:
            problems = examine(settings_of(cast("type[msgspec.Struct]", self)), given).problems
            if problems:
                raise ConfigError(self.__name__, problems) from None
            raise


def _nameless(built: str, value: object) -> Problem:
    meant = f"write {built}(**entry)" if isinstance(value, dict) else None
    return Problem("", "", f"{kind_of(value)} is given without a name", "each setting by its name", meant)
