"""The default path of the configuration file, and the sample that `file-mode` writes where there is none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "vrrp-config.json"
SYSTEM_DIRECTORY: Final = "/etc/failover"

_SAMPLE: Final = """\
{
  "name": "VR_1",
  "vrid": 51,
  "interface_name": "edit-this-file",
  "ip_addresses": ["192.168.100.100/24"],
  "priority": 101,
  "advert_interval": 1,
  "preempt_mode": true
}
"""


def default_path(environ: Mapping[str, str]) -> "Path":
    """The file that is read when none is named: in `$SNAP_COMMON` for a snap, else in /etc/failover."""
    from pathlib import Path  # noqa: PLC0415 - 2 ms that an engine told its file need not pay

    return Path(environ.get("SNAP_COMMON") or SYSTEM_DIRECTORY) / FILE_NAME


def sample() -> str:
    """The text of the sample configuration: valid, and no harm anywhere, for no host has an interface of that name."""
    return _SAMPLE
