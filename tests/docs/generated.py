"""The parts of the documentation that are made from the code: `python -m tests.docs.generated` writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from failover.config import DAEMON_SETTINGS, SETTINGS, Setting

README: Final = Path(__file__).parents[2] / "README.md"
TABLES: Final[dict[str, Mapping[str, Setting]]] = {"settings": SETTINGS, "daemon settings": DAEMON_SETTINGS}
"""What stands between `<!-- NAME: ... -->` and `<!-- /NAME -->`."""


def settings_table(settings: Mapping[str, Setting]) -> str:
    """A configuration table."""
    rows = ["| key | meaning | allowed | default |", "|---|---|---|---|"]
    rows += [
        f"| `{setting.name}` | {_meaning(setting)} | {_cell(setting.allowed)} | {_default(setting)} |"
        for setting in settings.values()
    ]
    return "\n".join(rows)


def readme_with_tables(readme: str) -> str:
    """The README with the tables between their marks made anew."""
    for name, settings in TABLES.items():
        begin, finish = f"<!-- {name}: ", f"<!-- /{name} -->"
        before, mark, rest = readme.partition(begin)
        first_line, _, old = rest.partition("\n")
        _, end, after = old.partition(finish)
        if not (mark and end):
            raise ValueError(f"README.md lacks the marks {begin!r} and {finish!r}")
        readme = f"{before}{mark}{first_line}\n\n{settings_table(settings)}\n\n{end}{after}"
    return readme


def _meaning(setting: Setting) -> str:
    unit = f" In {setting.unit}." if setting.unit else ""
    section = f" ({setting.section})" if setting.section else ""
    return _cell(f"{setting.description}{unit}{section}")


def _default(setting: Setting) -> str:
    return "**required**" if setting.required else f"`{_cell(setting.default_text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(readme_with_tables(README.read_text()))
