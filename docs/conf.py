"""How the documentation becomes pages and manual pages: `make docs`. Builds offline; a warning is an error."""

from failover.version import __version__

project = "Failover"
author = "The Failover developers"
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["examples"]
html_theme = "furo"
html_title = f"Failover {release}"
html_copy_source = False
html_show_copyright = False
# Not from a font host, nor any other: these pages are read on machines without a network.
html_static_path = ["static"]
html_css_files = ["tables.css"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
nitpicky = True
man_pages = [
    ("man/failover.1", "failover", "a VRRP daemon", author, 1),
    ("man/vrrp-config.json.5", "vrrp-config.json", "the configuration of failover", author, 5),
]
