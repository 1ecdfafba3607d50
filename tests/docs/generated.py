"""The parts of the documentation that are made from the code: `python -m tests.docs.generated` writes them."""

from pathlib import Path
from typing import Final

from failover.config import SETTINGS, Setting

README: Final = Path(__file__).parents[2] / "README.md"
BEGIN: Final = "<!-- settings: "
END: Final = "<!-- /settings -->"


def settings_table() -> str:
    """The README's configuration table."""
    rows = ["| key | meaning | allowed | default |", "|---|---|---|---|"]
    rows += [
        f"| `{setting.name}` | {_meaning(setting)} | {_cell(setting.allowed)} | {_default(setting)} |"
        for setting in SETTINGS.values()
    ]
    return "\n".join(rows)


def readme_with_table(readme: str) -> str:
    """The README with the table between its marks made anew."""
    before, mark, rest = readme.partition(BEGIN)
    first_line, _, old = rest.partition("\n")
    _, end, after = old.partition(END)
    if not (mark and end):
        raise ValueError(f"README.md lacks the marks {BEGIN!r} and {END!r}")
    return f"{before}{mark}{first_line}\n\n{settings_table()}\n\n{end}{after}"


def _meaning(setting: Setting) -> str:
    unit = f" In {setting.unit}." if setting.unit else ""
    section = f" ({setting.section})" if setting.section else ""
    return _cell(f"{setting.description}{unit}{section}")


def _default(setting: Setting) -> str:
    return "**required**" if setting.required else f"`{_cell(setting.default_text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(readme_with_table(README.read_text()))
