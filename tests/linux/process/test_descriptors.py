"""`failover.linux.process.descriptors`. That more of them help, `tests/engine/test_many_interfaces.py` shows."""

import resource
from unittest.mock import patch

import pytest

from failover.linux.process.descriptors import allow_many


@pytest.mark.parametrize("refusal", [ValueError("not allowed to raise maximum limit"), PermissionError()])
def test_where_a_sandbox_refuses_the_limit_stays(refusal: Exception) -> None:
    with patch.object(resource, "setrlimit", side_effect=refusal) as asked:
        allow_many()
    asked.assert_called_once()
