"""A design tells what a corpus holds, proposes what it has rows for, and its recipe runs."""

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from spanish_stand_in import PLANTED, write_spanish

from quimbot.cli import launch
from quimbot.commands import COMMANDS
from quimbot.curate.design import DesignSettings, design
from quimbot.curate.design_report import Design
from quimbot.curate.proposal import CARE
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.recipe import load_recipe, shipped_recipes
from quimbot.runs.watch import Silent
from quimbot.sources.pull import SHIPPED

ROWS = 600


class Notes(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def chat(*turns: str, **tags: str) -> Record:
    roles = ("user", "assistant")
    messages = tuple(
        Message(role=roles[at % 2], content=text)  # type: ignore[arg-type]
        for at, text in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="l"), tags=tags)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in corpus as records, and a small Stage 1."""
    folder = tmp_path_factory.mktemp("design")
    stage1 = str(folder / "stage1.jsonl")
    generate = ["generate", "--dialogues", "150", "--seed", "1", "--output", stage1]
    assert launch(generate) == 0
    raw = write_spanish(folder / "raw.jsonl", ROWS, stage1=folder / "stage1.jsonl")
    pull = ["pull", str(raw), "--name", "spanish", "--output", str(folder / "es.jsonl")]
    assert launch(pull) == 0
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Design:
    """The design of the whole stand-in."""
    run(folder, folder / "design")
    return read(folder / "design")


def run(folder: Path, output: Path, **given: Any) -> list[str]:  # noqa: ANN401
    notes = Notes()
    corpus = given.pop("corpus", (folder / "es.jsonl",))
    settings = DesignSettings(
        corpus=corpus, stage1=(folder / "stage1.jsonl",), output=output, **given
    )
    notes.lines.append(design(settings, notes))
    return notes.lines


def read(output: Path) -> Design:
    return msgspec.json.decode((output / "report.json").read_bytes(), type=Design)


def test_each_planted_fault_is_found_by_its_check(found: Design) -> None:
    planted = ROWS * 1 // 100
    assert set(PLANTED.values()) >= {"code", "english", "refusal", "private", "suite", "stage1"}
    alone = {one.check: one for one in found.criteria}
    assert alone["refusals"].alone.passed == planted
    assert 0.7 * planted <= alone["pii"].alone.passed <= planted
    # Two wholly English turns, Stage 1's, and learner turns of a suite.
    assert alone["language:es"].alone.passed >= 2 * planted
    kinds = alone["talk"].reasons if "talk" in alone else found.shape.kinds
    assert kinds.get("is-code", kinds.get("code", 0)) == planted
    assert found.overlap.exact + found.overlap.near >= 0.9 * planted
    assert found.overlap.families >= 0.9 * planted
    assert found.overlap.leaks.passed >= 0.9 * planted
    assert found.overlap.copies >= 1


def test_criteria_are_told_alone_and_in_sequence(found: Design) -> None:
    entered = found.looked_at
    for one in found.criteria:
        assert one.entered == entered
        assert sum(one.reasons.values()) == one.alone.passed
        assert one.alone.passed >= one.entered - one.left
        assert len(one.examples) == min(3, one.alone.passed)
        entered = one.left
    for variant in found.variants:
        assert variant.checks[0].entered == entered
        assert variant.checks[-1].left == variant.usable.passed


def test_no_private_text_is_in_what_is_written(folder: Path, found: Design) -> None:
    del found
    private = re.compile(r"correolibre|612 34 \d")
    assert private.search((folder / "es.jsonl").read_text("utf-8"))
    for name in ("report.json", "report.html", "recipe.toml"):
        assert not private.search((folder / "design" / name).read_text("utf-8"))


def test_a_detail_that_cuts_private_data_in_half_is_not_shown(tmp_path: Path) -> None:
    write_rows(tmp_path / "stage1.jsonl", [chat("I go home.", "You went home?")])
    words = ("casa", "mesa", "silla", "puerta", "calle", "plaza", "nube", "luna")
    rows = [
        chat(f"Me gusta la {one} y la {other} de mi pueblo.", f"¿La {other} o la {one}?")
        for one, other in pairwise(words)
    ]
    long = "This is surely all in English, so write to my friend at anna.smith@letterbox.net now"
    rows.append(chat(long, "That is surely all in English as well, my friend."))
    write_rows(tmp_path / "es.jsonl", rows)
    run(tmp_path, tmp_path / "d")
    assert "anna" not in (tmp_path / "d/report.json").read_text("utf-8")
    (language,) = [c for c in read(tmp_path / "d").criteria if c.check == "language:es"]
    assert [(e.reason, e.detail) for e in language.examples] == [("learner-language", "")]
    assert "[email]" in language.examples[0].learner


def test_parts_add_up_and_a_small_part_is_not_repeated_for_ever(found: Design) -> None:
    assert {one.name for one in found.variants} == {"heritage", "learner"}
    for variant in found.variants:
        assert sum(part.rows for part in variant.parts) == variant.size
        assert sum(part.share for part in variant.parts) == pytest.approx(1)
        for part in variant.parts:
            assert part.rows <= part.available * part.times
            assert part.times <= 4
            assert part.why
    with SHIPPED["care"].open("rb") as file:
        assert sum(1 for _ in file) == CARE


def test_a_sample_has_intervals_that_hold_what_the_whole_has(folder: Path, found: Design) -> None:
    run(folder, folder / "sampled", sample=400)
    sampled = read(folder / "sampled")
    assert (sampled.looked_at, found.looked_at) == (400, ROWS)
    assert sampled.overlap.exact == found.overlap.exact
    whole = {one.check: one.alone for one in found.criteria}
    held = [
        one.alone.low <= whole[one.check].value <= one.alone.high
        for one in sampled.criteria
        if one.check in whole
    ]
    assert sum(held) >= len(held) - 1
    for variant, known in zip(sampled.variants, found.variants, strict=True):
        assert variant.available < known.usable.passed * 1.1


def test_the_order_of_rows_decides_nothing(folder: Path, found: Design) -> None:
    lines = (folder / "es.jsonl").read_bytes().splitlines(keepends=True)
    turned = folder / "turned.jsonl"
    turned.write_bytes(b"".join(reversed(lines)))
    run(folder, folder / "again", corpus=(turned,))
    again = read(folder / "again")
    plain = {"corpus": (), "next": ""}
    assert msgspec.structs.replace(again, **plain) == msgspec.structs.replace(found, **plain)


def test_the_recipe_runs_up_to_both_mixes(folder: Path, found: Design) -> None:
    recipe = folder / "design/recipe.toml"
    to = ["--output", str(folder / "run"), "--until", "mix:learner"]
    assert launch(["run", str(recipe), *to]) == 0
    for variant in found.variants:
        manifest = read_manifest(folder / f"run/data/mix-{variant.name}.jsonl")
        assert manifest.rows == variant.size
        facts: Any = manifest.facts
        assert [part["asked"] for part in facts["parts"]] == [
            pytest.approx(part.share * variant.size, abs=1) for part in variant.parts
        ]
        rows = {record.id for record in read_records(folder / f"run/data/{variant.name}.jsonl")}
        # What was told to be usable is there: all rows were looked at.
        assert len(rows) >= variant.available


def test_the_shipped_recipe_has_the_steps_of_a_design_and_runs(folder: Path, found: Design) -> None:
    del found
    commands = tuple(COMMANDS)
    shipped = load_recipe("stage2_spanish", commands)
    written = load_recipe(str(folder / "design/recipe.toml"), commands)
    assert shipped.steps == written.steps
    assert tomllib.loads(shipped.path.read_text("utf-8"))["vars"]["corpus"] == "latam-ultrachat"
    text = shipped_recipes()["stage2_spanish"].read_text("utf-8")
    small = folder / "small.toml"
    text = text.replace("dialogues = 6000", "dialogues = 60").replace("20000", "100")
    small.write_text(text, "utf-8")
    given = [f"--set=corpus={folder / 'raw.jsonl'}", f"--set=stage1={folder / 'stage1.jsonl'}"]
    to = ["--output", str(folder / "shipped"), "--until", "mix:learner"]
    assert launch(["run", str(small), *to, *given]) == 0
    for name, share in (("heritage", 55), ("learner", 45)):
        rows = list(read_records(folder / f"shipped/data/mix-{name}.jsonl"))
        assert len(rows) == 100
        assert sum(row.provenance.source == "spanish" for row in rows) == share
    assert not (folder / "shipped/heritage").exists()


def test_another_language_has_one_variant_and_no_register(tmp_path: Path) -> None:
    write_rows(tmp_path / "stage1.jsonl", [chat(f"I go {n}.", f"You went {n}?") for n in range(50)])
    nouns = [
        "Buch",
        "Haus",
        "Baum",
        "Stadt",
        "Zug",
        "Markt",
        "Hund",
        "Berg",
        "Fluss",
        "Brot",
        "Tisch",
        "Garten",
        "Wald",
        "Schiff",
    ]
    rows = [
        chat(
            f"Ich habe {one}, {two} und {three} gesehen, aber nicht {four}.",
            f"War {one} schöner als {three}, und warum nicht {four} mit {two}?",
        )
        for one, two, three, four in (Random(n).sample(nouns, 4) for n in range(60))
    ]
    write_rows(tmp_path / "de.jsonl", rows)
    run(tmp_path, tmp_path / "d", corpus=(tmp_path / "de.jsonl",))
    found = read(tmp_path / "d")
    assert (found.language, found.register) == ("de", None)
    assert [one.name for one in found.variants] == ["variant"]
    assert "tutoring" not in {part.name for part in found.variants[0].parts}
    steps = load_recipe(str(tmp_path / "d/recipe.toml"), tuple(COMMANDS)).steps
    assert "mix:variant" in steps
    assert not [step for step in steps if "tutoring" in step]
    to = ["--output", str(tmp_path / "run"), "--until", "mix:variant"]
    assert launch(["run", str(tmp_path / "d/recipe.toml"), *to]) == 0


def test_the_terminal_shows_criteria_ratios_and_one_command(folder: Path, found: Design) -> None:
    lines = run(folder, folder / "told")
    text = "\n".join(lines)
    for one in found.criteria:
        assert re.search(
            rf"^{re.escape(one.check)} .* {one.entered:,} +{one.left:,}", text, re.MULTILINE
        )
    assert re.search(r"^new +55% ", text, re.MULTILINE)
    assert lines[-1].endswith(
        f"next: quimbot run {folder / 'told/recipe.toml'} --until mix:learner"
    )


def test_marked_and_graded_corpora_are_asked_for_their_columns(tmp_path: Path) -> None:
    write_rows(tmp_path / "stage1.jsonl", [chat("I go home.", "You went home?")])
    words = [
        "casa",
        "mesa",
        "silla",
        "puerta",
        "ventana",
        "calle",
        "plaza",
        "río",
        "monte",
        "nube",
        "lluvia",
        "viento",
    ]
    rows = [
        chat(
            f"Me gusta la {one} y también el {other} de mi pueblo.",
            f"¿Y por qué te gusta tanto {one} y no {other}?",
            quality="poor" if one == "casa" else "good",
            **({"flagged": "true"} if other == "casa" else {}),
        )
        for one in words
        for other in words
    ]
    write_rows(tmp_path / "es.jsonl", rows)
    run(tmp_path, tmp_path / "d")
    criteria = {one.check: one for one in read(tmp_path / "d").criteria}
    assert criteria["quality:good,excellent"].alone.passed == len(words)
    assert criteria["moderation"].alone.passed == len(words)
    assert {example.learner for example in criteria["moderation"].examples} == {""}


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "stage1.jsonl", [chat("I go home.", "You went home?")])
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match=r"empty.jsonl: holds no records; run quimbot pull"):
        run(tmp_path, tmp_path / "d", corpus=(tmp_path / "empty.jsonl",))
    write_rows(tmp_path / "short.jsonl", [chat("Ok", "Ok.")])
    with pytest.raises(DataError, match="tells its language; give --language"):
        run(tmp_path, tmp_path / "d", corpus=(tmp_path / "short.jsonl",))
    write_rows(tmp_path / "code.jsonl", [chat("¿Cómo se hace?", "Mira:\n```\nx\n```")])
    with pytest.raises(DataError, match=r"no row of the corpus can be used: of 1 .* takes out 1"):
        run(tmp_path, tmp_path / "d", corpus=(tmp_path / "code.jsonl",), language="es")
    with pytest.raises(RecipeError, match="sample 3 must be at least"):
        run(tmp_path, tmp_path / "d", sample=3)
    with pytest.raises(RecipeError, match="takes ISO codes such as en,es"):
        run(tmp_path, tmp_path / "d", language="spanish")
    raw = tmp_path / "raw.jsonl"
    raw.write_text(json.dumps({"messages": []}) + "\n")
    with pytest.raises(DataError, match=r"raw.jsonl:1: .*quimbot pull makes one"):
        run(tmp_path, tmp_path / "d", corpus=(raw,))
