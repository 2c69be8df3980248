"""Write docs/commands.md from the commands' own help; `--check` only says whether it is current."""

import io
import sys
from pathlib import Path

from rich.console import Console

from quimbot.cli import build_app
from quimbot.commands import COMMANDS

PAGE = Path(__file__).with_name("commands.md")


def helped(name: str) -> str:
    """The help of one command as plain text, 100 columns wide."""
    text = io.StringIO()
    console = Console(file=text, width=100, color_system=None, force_terminal=False)
    build_app(name)([*name.split(), "--help"], console=console)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def page() -> str:
    """The whole page."""
    parts = ["# Commands", "", "Made from `--help` by `python docs/commands.py`.", ""]
    for name in ["", "run", *COMMANDS, "chat"]:
        parts += [f"## quimbot {name}".rstrip(), "", "```text", helped(name), "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        sys.exit("docs/commands.md is not what --help says; run: python docs/commands.py")
