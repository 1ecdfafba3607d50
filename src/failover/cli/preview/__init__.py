"""What a configuration would run on this host, as data. Reads the host's interfaces, and changes nothing."""

from failover.cli.preview.instances import Preview, agent, interfaces, preview
from failover.cli.preview.trackers import TrackerPreview, preview_trackers

__all__ = ["Preview", "TrackerPreview", "agent", "interfaces", "preview", "preview_trackers"]
