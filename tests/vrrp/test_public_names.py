"""What `failover.vrrp` exports, and that its values cannot change under anybody's hands."""

from dataclasses import FrozenInstanceError, is_dataclass, replace
from typing import Any

import pytest

from failover import vrrp
from failover.vrrp.machine import transitions
from failover.vrrp.packet import advertisement
from tests.vrrp.making import a_backup, a_router

VALUES = [getattr(vrrp, name) for name in vrrp.__all__ if is_dataclass(getattr(vrrp, name))]


def test_the_public_names_are_sorted_and_there() -> None:
    assert list(vrrp.__all__) == sorted(vrrp.__all__)
    assert all(hasattr(vrrp, name) for name in vrrp.__all__)


@pytest.mark.parametrize("value", [*VALUES, advertisement.RawHeader, transitions.Step])
def test_every_value_is_frozen_and_has_slots(value: Any) -> None:
    assert value.__dataclass_params__.frozen
    assert "__slots__" in value.__dict__


def test_a_state_can_be_replaced_but_not_changed() -> None:
    state = a_backup(a_router())
    with pytest.raises(FrozenInstanceError):
        setattr(state, "resigned", True)  # noqa: B010 - mypy would not let it pass otherwise
    assert replace(state, resigned=True) != state
