"""A recipe: every tuned number of one pipeline, one TOML table per command.

    [run]
    output = "runs/demo"
    steps = ["generate", "filter", …, "train", "train:spanish"]

    [vars]               # texts that may be given anew: quimbot run … --set corpus=my.jsonl
    corpus = "lmsys"     # {corpus} stands for it in every other table

    [train]              # settings of `quimbot train`
    ["train:spanish"]    # the same command once more; inherits [train], these keys win

    [[tutor]]            # who answers when the run folder is chatted with or served
    name = "tutor"
    address = "{picked}"

`{run}` stands for the run folder, `{picked}` for the checkpoint chosen by `select`.
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import quimbot
from quimbot.exceptions import DataError, RecipeError

Settings = TypeVar("Settings")
Table = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe as read: nothing resolved yet."""

    path: Path
    output: Path
    steps: tuple[str, ...]
    tables: Mapping[str, Table]
    tutors: tuple[Table, ...] = ()
    vars: Mapping[str, str] = field(default_factory=dict)
    """What `{name}` stands for in the other tables."""

    def table(self, step: str) -> Table:
        """The settings of a step: its command's table, overlaid by its own when it has one."""
        command = step.partition(":")[0]
        table = {**self.tables.get(command, {}), **self.tables.get(step, {})}
        return {key: filled(value, self.vars) for key, value in table.items()}

    def with_vars(self, given: Collection[str]) -> "Recipe":
        """The recipe with variables given anew, each as `name=text`.

        Raises:
            RecipeError: one is no `name=text`, or no variable of the recipe.
        """
        anew = dict(self.vars)
        for text in given:
            name, equals, value = text.partition("=")
            if not equals or name not in anew:
                known = ", ".join(anew) or "none, as it has no [vars]"
                raise RecipeError(
                    f"--set {text!r} must be name=text, with a name of {self.path}: "
                    f"{known}{suggestion(name, anew)}"
                )
            anew[name] = value
        return replace(self, vars=anew)


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by name."""
    package = Path(quimbot.__path__[0])
    for folder in (package / "recipes", package.parents[1] / "recipes"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return {}


def filled(value: Any, texts: Mapping[str, str]) -> Any:  # noqa: ANN401 - any TOML value
    """The value with each `{name}` replaced by its text, however deep it stands."""
    match value:
        case str():
            for name, text in texts.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        case list():
            return [filled(item, texts) for item in value]
        case dict():
            return {key: filled(item, texts) for key, item in value.items()}
    return value


def load_recipe(name: str, commands: Collection[str]) -> Recipe:
    """The recipe in a file, or the shipped one of that name.

    Raises:
        RecipeError: there is no such recipe, it is not TOML, or a table or step is unknown.
    """
    path = Path(name)
    if not path.is_file():
        shipped = shipped_recipes()
        if name not in shipped:
            raise RecipeError(
                f"{name}: no such recipe; give a .toml file or one of {', '.join(shipped)}"
                + suggestion(path.stem, shipped)
            )
        path = shipped[name]
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RecipeError(f"{path}: not TOML ({fault}); mend that line") from None
    return _checked(path, tree, commands)


def _checked(path: Path, tree: Table, commands: Collection[str]) -> Recipe:
    """The recipe in a parsed file, its table and step names known to be right."""
    known = {"run", "vars", "tutor", *commands}
    for table, content in tree.items():
        if table.partition(":")[0] not in known:
            raise RecipeError(
                f"{path}:{line_of(path, table)}: unknown table [{table}]; "
                f"allowed: {', '.join(sorted(known))}{suggestion(table, known)}"
            )
        if not isinstance(content, list if table == "tutor" else dict):
            raise RecipeError(
                f"{path}:{line_of(path, table)}: {table!r} must be a table, written [{table}]"
            )
    head = tree.pop("run", {})
    check_keys(head, ("output", "steps"), path=path, name="run")
    steps = head.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise RecipeError(f"{path}: [run] steps must be a list of command names")
    for step in steps:
        if step.partition(":")[0] not in commands:
            raise RecipeError(
                f"{path}:{line_of(path, 'run', 'steps')}: unknown step {step!r}; "
                f"allowed: {', '.join(commands)}{suggestion(step, commands)}"
            )
    texts = tree.pop("vars", {})
    for name, text in texts.items():
        if not isinstance(text, str) or name in {"run", "picked"}:
            raise RecipeError(
                f"{path}:{line_of(path, 'vars', name)}: {name!r} in [vars] must be a text, "
                "under another name than run and picked"
            )
    return Recipe(
        path=path,
        vars=texts,
        output=Path(head.get("output", f"runs/{path.stem}")),
        steps=tuple(steps),
        tutors=tuple(tree.pop("tutor", [])),
        tables=tree,
    )


def build_settings(kind: type[Settings], table: Table, *, path: Path, step: str) -> Settings:
    """The settings of one command from its table.

    Raises:
        RecipeError: a key is unknown or missing, or a value is not what it must be.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type] # a dataclass always
    check_keys(table, names, path=path, name=step)
    try:
        return msgspec.convert(table, kind, dec_hook=_from_text)
    except (msgspec.ValidationError, RecipeError) as fault:
        key = re.search(r"\$\.(\w+)", str(fault))
        line = line_of(path, step, key.group(1) if key else "")
        text = re.sub(
            r" - at `\$\.?([^`]*)`", lambda m: f" (in {m[1]})" if m[1] else "", str(fault)
        )
        raise RecipeError(f"{path}:{line}: [{step}] {text}") from None


def check_keys(table: Table, allowed: Collection[str], *, path: Path, name: str) -> None:
    """Refuse a key that is not allowed.

    Raises:
        RecipeError: with the line, the keys allowed and the nearest one.
    """
    for key in table:
        if key not in allowed:
            raise RecipeError(
                f"{path}:{line_of(path, name, key)}: unknown key {key!r} in [{name}]; "
                f"allowed: {', '.join(sorted(allowed))}{suggestion(key, allowed)}"
            )


def _from_text(kind: type, value: object) -> object:
    """Types that TOML does not have."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise DataError(f"{value!r} is not a {kind.__name__}")


def suggestion(name: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def line_of(path: Path, table: str, key: str = "") -> int:
    """The line of a table's header, or of a key in it; 1 when it stands nowhere."""
    found, inside = 1, False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("["):
            inside = text.strip('[]" ').partition("]")[0].strip('" ') == table
            found = number if inside else found
        elif re.match(rf"{re.escape(key or table)}\s*=", text) and (inside or not key):
            return number
    return found
