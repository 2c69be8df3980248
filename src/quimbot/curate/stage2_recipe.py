"""The recipe that makes and trains the variants of a design, with a reason beside each number."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from quimbot.curate.design_report import Design, Part, Variant
from quimbot.curate.proposal import RESERVE
from quimbot.curate.stage1_overlap import THRESHOLD
from quimbot.pedagogy.seed import FIRST_LANGUAGES
from quimbot.records.jsonl import replacing

SMALL = "smollm2-135m"
_STEPS = {"dedup", "decontaminate"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a recipe reads."""

    corpus: Sequence[Path]
    stage1: Sequence[Path]
    model: str
    start: str


def learning_rate(model: str) -> float:
    """A third of what Stage 1 has in the recipe that ships for such a model."""
    return 3e-4 if model == SMALL else 7e-5


def write_recipe(path: Path, found: Design, sources: Sources) -> None:
    """Write the recipe; it appears whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quimbot.curate", "template"),
        autoescape=False,  # noqa: S701 - TOML, whose texts are quoted by `toml`
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["toml"] = _quoted
    text = environment.get_template("stage2.toml").render(
        found=found,
        sources=sources,
        steps=_steps(found, sources),
        pulls=_pulls(sources.corpus),
        checks=[one for one in found.criteria if one.check not in _STEPS],
        taught=found.language in FIRST_LANGUAGES,
        dialogues=_dialogues(found.variants),
        reserve=RESERVE,
        near=THRESHOLD,
        part=_part,
        small=sources.model == SMALL,
    )
    with replacing(path) as file:
        file.write(text.encode())


def _steps(found: Design, sources: Sources) -> list[str]:
    """The steps in order, a line of the recipe each group; nothing is trained before the mixes."""
    own, cleaning = found.variants, ("filter", "dedup", "decontaminate")
    taught = found.language in FIRST_LANGUAGES
    groups = [
        [step for step, _, _ in _pulls(sources.corpus)] + ["pull:care"],
        [f"{step}:corpus" for step in (*cleaning, "split")],
        ["generate:tutoring", *(f"{step}:tutoring" for step in cleaning)] if taught else [],
        [f"filter:{one.name}" for one in own if one.checks],
        [f"mix:{one.name}" for one in own],
        [f"train:{one.name}" for one in own] + ["score"],
    ]
    return [" ".join(f'"{step}",' for step in group) for group in groups if group]


def _pulls(corpus: Sequence[Path]) -> list[tuple[str, str, Path]]:
    """For each file of the corpus the name of its pull, of its variable, and the file."""
    names = ["corpus", *(f"corpus{number}" for number in range(2, len(corpus) + 1))]
    return [(f"pull:{name}", name, path) for name, path in zip(names, corpus, strict=True)]


def _dialogues(variants: Sequence[Variant]) -> int:
    """Tutoring rows to generate: enough for the variant that takes most."""
    taught = [part.rows for one in variants for part in one.parts if part.name == "tutoring"]
    return int(max(taught, default=0) * RESERVE) + 1


def _part(part: Part, variant: str, stage1: str) -> str:
    """A part as `mix` spells it."""
    path = {
        "new": f"{{run}}/data/{variant}.jsonl",
        "replay": stage1,
        "tutoring": "{run}/data/tutoring-clean.jsonl",
        "care": "{run}/data/care.jsonl",
    }[part.name]
    return f"{path}:{round(100 * part.share)}{f'x{part.times}' if part.times > 1 else ''}"


def _quoted(text: object) -> str:
    """A text as TOML writes it."""
    return re.sub(r"\x7f", r"\\u007f", json.dumps(str(text), ensure_ascii=False))
