"""The README's first screen and tree are true of the checkout."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def tree() -> list[str]:
    """The paths that the README's tree names, relative to the root."""
    block = README.split("## The tree")[1].split("```")[1]
    paths, inside = [], ""
    for line in block.splitlines():
        if not (found := re.match(r"^(│   )?[├└]── (\S+)", line)):
            continue
        path = (inside if found[1] else "") + found[2]
        inside = path if not found[1] else inside
        paths.append(path)
    return paths


def test_every_path_in_the_tree_is_there() -> None:
    named = tree()
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_part_of_the_package_is_in_the_tree() -> None:
    package = ROOT / "src/quimbot"
    parts = {
        f"src/quimbot/{path.name}/" for path in package.iterdir() if (path / "__init__.py").exists()
    }
    parts |= {f"src/quimbot/{path.name}" for path in package.glob("[a-z]*.py")}
    assert parts <= set(tree())


def test_the_first_screen_gives_an_example_and_the_two_commands() -> None:
    first = "\n".join(README.splitlines()[:32])
    assert "make demo" in first
    assert "make test" in first
    assert "@@" not in README


def test_every_local_link_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
