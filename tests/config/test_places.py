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


def test_the_sample_is_the_original_one_but_for_an_interface_that_no_host_has() -> None:
    (router,) = parse(sample()).virtual_routers
    assert (router.name, router.vrid, router.interface_name, router.priority) == ("VR_1", 51, "edit-this-file", 101)
    assert [str(address) for address in router.ip_addresses] == ["192.168.100.100/24"]


def test_the_packages_bring_the_same_sample() -> None:
    assert (Path(__file__).parents[2] / "packaging" / "sample.json").read_text() == sample()
