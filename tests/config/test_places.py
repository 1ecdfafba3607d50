"""Where the file is looked for, and the sample."""

from pathlib import Path

import pytest

from failover.config import default_path, parse, sample


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/etc/failover/vrrp-config.json"),
        ({"SNAP_COMMON": ""}, "/etc/failover/vrrp-config.json"),
        ({"SNAP_COMMON": "/var/snap/failover/common"}, "/var/snap/failover/common/vrrp-config.json"),
    ],
)
def test_the_file_is_in_the_snap_or_in_etc(environ: dict[str, str], path: str) -> None:
    assert default_path(environ) == Path(path)


def test_the_sample_is_the_original_one() -> None:
    (router,) = parse(sample()).virtual_routers
    assert (router.name, router.vrid, router.interface_name, router.priority) == ("VR_1", 51, "wlo1", 101)
    assert [str(address) for address in router.ip_addresses] == ["192.168.100.100/24"]
