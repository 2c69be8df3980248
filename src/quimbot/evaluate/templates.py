"""The pages' templates and what is put into them."""

from pathlib import Path

import jinja2

from quimbot.exceptions import RecipeError

_PAGES = (".html", ".htm")
_LOADER = jinja2.PackageLoader("quimbot.evaluate", "template")
_ENVIRONMENT = jinja2.Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def template(name: str) -> jinja2.Template:
    """A template in which all text is escaped and a missing name is an error."""
    return _ENVIRONMENT.get_template(name)


def source(name: str) -> str:
    """A style sheet or script as it is."""
    return _LOADER.get_source(_ENVIRONMENT, name)[0]


def must_be_page(output: Path) -> None:
    """Refuse a name that no browser would open.

    Raises:
        RecipeError: it does not end as a page does.
    """
    if output.suffix.lower() not in _PAGES:
        raise RecipeError(f"output is {output}; it must end in {' or '.join(_PAGES)}")
