"""A tutor as an instructor writes it: one TOML file, called as the tutor is.

    title = "At the café"         # what a learner reads; every key may be left out but `prompt`
    base = "tutor"                # who speaks: another tutor, a model, an adapter's folder, a URL
    prompt = "You are Nora, …"
    levels = ["recast", "prompt"] # how openly it may help
    cap = "prompt"                # and at most
    topics = ["Ordering", "Small talk"]
    starters = ["Hello! I want drink a coffee."]
    knowledge = ["Espresso is 3 euros."]

What learners' help is made of (recast, prompt, …) is said to the model by us, in the words it was
trained with; the file adds to them and never takes their place.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.moves import LANGUAGE
from quimbot.records.record import Strict
from quimbot.runs.recipe import suggestion

LEVELS = {level.name.lower(): level for level in Level}
"""The levels of help by their names in a file."""
PROFICIENCY = ("A2", "B1", "B2", "C1")

NAME = "^[a-z0-9]+(-[a-z0-9]+)*$"
"""What names a tutor: a plain word of file names and addresses."""
LONGEST_NAME = 40

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BLOCK = re.compile(r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''", re.DOTALL)
_TEXTS = {"title": 80, "base": 400, "prompt": 8000, "l1": 8, "level": 8, "cap": 16, "author": 80}
_LISTS = {"topics": (20, 80), "starters": (8, 200), "knowledge": (50, 4000), "levels": (5, 16)}
_LINES = {"prompt", "knowledge"}  # may have several lines


class TutorFile(Strict, frozen=True, kw_only=True):
    """What stands in the file."""

    prompt: str
    """Role, behaviour and style, in the instructor's words; learners cannot read it."""
    title: str = ""
    """What a learner reads when there is a choice; empty: the name."""
    base: str = ""
    """Who speaks: a tutor that is served, or any address a runtime takes; empty: the default."""
    levels: tuple[str, ...] = tuple(LEVELS)
    """How openly it may help."""
    cap: str = ""
    """The most open help; empty: the highest of `levels`."""
    topics: tuple[str, ...] = ()
    """What a learner may choose to talk about."""
    starters: tuple[str, ...] = ()
    """Sentences to begin with."""
    knowledge: tuple[str, ...] = ()
    """Notes that the model is given with every turn."""
    l1: str = ""
    """First language of the learners, where they say none."""
    level: str = ""
    """Level of the learners, where they say none."""
    author: str = ""
    """Who made it with the form; only they and the owner may read and change it."""

    def allowed(self) -> frozenset[Level]:
        """The levels of help."""
        return frozenset(LEVELS[name] for name in self.levels)

    def highest(self) -> Level:
        """The most open help."""
        return LEVELS[self.cap] if self.cap else max(self.allowed())


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with a tutor."""

    field: str
    text: str
    """What was found, what is allowed, what to do."""
    found: str = ""
    """The words it is about, to find their line."""


class TutorError(DataError):
    """A tutor is not what it must be; says the first fault and holds them all."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].text)
        self.faults = faults

    def at(self, path: Path, text: str) -> DataError:
        """The first fault as one line that names its place in the file of this text."""
        first = self.faults[0]
        return DataError(f"{path}:{line_of(text, first.field, first.found)}: {first.text}")


def read_tutor(path: Path) -> TutorFile:
    """The tutor in a file.

    Raises:
        DataError: the name, the TOML, a key or a value is not what it must be.
    """
    try:
        text = path.read_text("utf-8")
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        line = re.search(r"at line (\d+)", str(fault))
        raise DataError(
            f"{path}:{line[1] if line else 1}: not TOML ({fault}); mend that line"
        ) from None
    try:
        check_name(path.stem)
        return checked(tree)
    except TutorError as faults:
        raise faults.at(path, text) from None


def check_name(name: str) -> None:
    """Refuse a name that is no plain word of file names and addresses.

    Raises:
        TutorError: what is allowed.
    """
    if not re.fullmatch(NAME, name) or len(name) > LONGEST_NAME:
        raise TutorError(
            Fault(
                field="name",
                text=f"{_shown(name)} cannot name a tutor; use small letters, digits and single "
                f"hyphens between them, {LONGEST_NAME} at most, such as 'cafe-talk'",
            )
        )


def checked(tree: Mapping[str, object]) -> TutorFile:
    """The tutor in a parsed file or in what a form sent.

    Raises:
        TutorError: everything that is wrong, the first in the order of the keys.
    """
    faults = [fault for key, value in tree.items() for fault in _faults_of(key, value)]
    if not str(tree.get("prompt", "")).strip():
        faults.append(
            Fault(field="prompt", text="prompt is empty; say who the tutor is and how it acts")
        )
    if faults:
        raise TutorError(*faults)
    file = msgspec.convert(tree, TutorFile)
    if file.cap and LEVELS[file.cap] < min(file.allowed()):
        raise TutorError(
            Fault(
                field="cap",
                text=f"cap {file.cap!r} is below every level allowed ({', '.join(file.levels)}); "
                "raise it or allow a lower level",
            )
        )
    return file


def _faults_of(key: str, value: object) -> list[Fault]:
    """What is wrong with one key."""
    if key in _TEXTS:
        if isinstance(value, str):
            return _text_faults(key, value, longest=_TEXTS[key])
        words = f"{key} must be a text, found {_kind(value)}"
    elif key not in _LISTS:
        words = f"unknown key {_shown(key)}; {_one_of(key, [*_TEXTS, *_LISTS])}"
    elif not isinstance(value, list):
        words = f"{key} must be a list of texts, found {_kind(value)}"
    else:
        most, longest = _LISTS[key]
        if len(value) <= most and (value or key != "levels"):
            return [fault for item in value for fault in _item_faults(key, item, longest=longest)]
        words = f"{key} has {len(value)} entries; {most} at most"
        if not value:
            words = f"levels is empty; allow some of {', '.join(LEVELS)}"
    return [Fault(field=key, text=words)]


def _item_faults(key: str, item: object, *, longest: int) -> list[Fault]:
    if not isinstance(item, str):
        return [Fault(field=key, text=f"{key} must be a list of texts, found {_kind(item)} in it")]
    if not item.strip():
        return [Fault(field=key, text=f"{key} has an empty entry; fill it or take it out")]
    return _text_faults(key, item, longest=longest)


def _text_faults(key: str, text: str, *, longest: int) -> list[Fault]:
    """What is wrong with a text of a key, or with an entry of its list."""

    def fault(words: str) -> list[Fault]:
        return [Fault(field=key, text=words, found=text)]

    if len(text) > longest:
        return fault(f"{key} has {len(text):,} characters in one text; {longest:,} at most")
    if _CONTROL.search(text) or (key not in _LINES and re.search(r"[\n\t]", text)):
        return fault(f"{key} has characters that are no plain text; take them out of it")
    known = _CHOICES.get(key)
    if known and text not in known:
        word = "level" if key in {"levels", "cap"} else key
        return fault(f"unknown {word} {_shown(text)} in {key}; {_one_of(text, known)}")
    return []


_CHOICES: dict[str, Sequence[str]] = {
    "levels": tuple(LEVELS),
    "cap": ("", *LEVELS),
    "l1": ("", *LANGUAGE),
    "level": ("", *PROFICIENCY),
}


def _one_of(found: str, allowed: Sequence[str]) -> str:
    names = [name for name in allowed if name]
    return f"allowed: {', '.join(names)}{suggestion(found, names)}"


def _shown(text: str) -> str:
    """A stranger's words on one line, and not too many of them."""
    return repr(text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…")


def _kind(value: object) -> str:
    names: dict[type, str] = {bool: "true or false", int: "a number", float: "a number"}
    names |= {str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "something else")


def line_of(text: str, key: str, found: str = "") -> int:
    """The line of a key in a file's text, or of a word after it; 1 when it stands nowhere."""
    flat = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    start = re.search(rf"^\s*\[*[\"']?{re.escape(key)}\b", flat, re.MULTILINE)
    if start is None:
        return 1
    number = flat.count("\n", 0, start.end()) + 1
    for later, line in enumerate(text.splitlines()[number - 1 :], number):
        if found and any(quote + found + quote in line for quote in "\"'"):
            return later
    return number


def toml_of(file: TutorFile) -> str:
    """The file's text; what is not said in it keeps its default."""
    values = msgspec.to_builtins(file)
    default = msgspec.to_builtins(TutorFile(prompt=""))
    lines = []
    for key in sorted(values, key=list(_ORDER).index):
        if values[key] != default[key]:
            write: Callable[[object], str] = _ORDER[key]
            lines.append(f"{key} = {write(values[key])}\n")
    return "".join(lines)


def _quoted(text: object) -> str:
    # JSON's strings are TOML's, but for one control character that `checked` refuses.
    return json.dumps(text, ensure_ascii=False)


def _block(text: object) -> str:
    """A text that people can read in the file, line by line."""
    escaped = str(text).replace("\\", "\\\\").replace('"""', '""\\"')
    escaped = re.sub(r'"$', r"\\" + '"', escaped)
    return f'"""\n{escaped}"""' if "\n" in escaped else _quoted(text)


def _list(write: Callable[[object], str]) -> Callable[[object], str]:
    def written(items: object) -> str:
        assert isinstance(items, list | tuple)
        return "[\n" + "".join(f"  {write(item)},\n" for item in items) + "]"

    return written


_ORDER: Mapping[str, Callable[[object], str]] = {
    "title": _quoted,
    "base": _quoted,
    "prompt": _block,
    "levels": _list(_quoted),
    "cap": _quoted,
    "l1": _quoted,
    "level": _quoted,
    "topics": _list(_quoted),
    "starters": _list(_quoted),
    "knowledge": _list(_block),
    "author": _quoted,
}
"""The keys as they are written, and how."""
