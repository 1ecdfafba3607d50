"""`Built`: the metaclass of what is built from settings in code, so that every mistake is a `ConfigError`."""

from typing import Any, cast

import msgspec

from failover.config.checking.examine import examine
from failover.config.checking.problems import ConfigError
from failover.config.checking.settings import settings_of


class Built(msgspec.StructMeta):
    """Where the constructor is not given what is required, or given what is unknown, says so in our own words."""

    def __call__(self, *args: Any, **given: Any) -> Any:
        try:
            return super().__call__(*args, **given)
        except TypeError:
            problems = () if args else examine(settings_of(cast("type[msgspec.Struct]", self)), given).problems
            if problems:
                raise ConfigError(self.__name__, problems) from None
            raise
