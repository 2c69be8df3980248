"""The shipped recipe of the seed mix, smaller, on files with the columns of the real corpora."""

import re
from pathlib import Path
from typing import Any

import pytest
from stand_ins import write_corpora

from quimbot.cli import launch
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import read_manifest
from quimbot.runs.recipe import shipped_recipes

SIZE, GENERATED = 400, 120
SHARES = {"lmsys": 0.4, "magpie": 0.25, "toefl": 0.2, "prosocial": 0.1, "pilot": 0.05}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the recipe with smaller numbers and no other change."""
    folder = tmp_path_factory.mktemp("seed-mix")
    text = shipped_recipes()["stage1_seed_mix"].read_text("utf-8")
    text = text.replace("size = 43170", f"size = {SIZE}")
    text = text.replace("dialogues = 11000", f"dialogues = {GENERATED}")
    (folder / "small.toml").write_text(text, "utf-8")
    given = [f"--set={name}={path}" for name, path in write_corpora(folder, 1000).items()]
    assert launch(["run", str(folder / "small.toml"), "--output", str(folder / "run"), *given]) == 0
    return folder / "run"


def test_shares_are_those_of_the_recipe_and_what_lacks_is_made_up_for(run: Path) -> None:
    manifest = read_manifest(run / "data/mix.jsonl")
    facts: Any = manifest.facts
    assert manifest.rows == SIZE
    lacking = 0
    for part, (name, share) in zip(facts["parts"], SHARES.items(), strict=True):
        assert name in part["part"]
        assert part["asked"] == round(SIZE * share)
        assert part["share"] == share
        lacking += part["missing"]
    # A thousand rows hold too few pilot dialogues, as the real mix did.
    pilot = facts["parts"][-1]
    assert pilot["reached"] == pilot["asked"] - pilot["missing"] < pilot["asked"]
    assert sum(part["reached"] - part["asked"] for part in facts["parts"][:-1]) == lacking


def test_what_the_checks_are_for_is_not_in_the_mix(run: Path) -> None:
    rows = list(read_records(run / "data/mix.jsonl"))
    chats = [row for row in rows if row.provenance.source in {"lmsys", "magpie"}]
    said = [" ".join(message.content for message in row.messages) for row in chats]
    for wrong in (r"letterbox\.net", "AI language model", r"\bAyer\b"):
        assert not [text for text in said if re.search(wrong, text)]
    tags = [row.tags for row in rows]
    assert not [tag for tag in tags if tag.get("redacted") == "True" or tag.get("flagged")]
    assert {tag["quality"] for tag in tags if "quality" in tag} == {"good", "excellent"}
    assert "__casual__" not in {tag.get("safety") for tag in tags}
    assert len({row.id for row in rows}) == SIZE


def test_the_manifest_leads_back_to_every_corpus(run: Path) -> None:
    facts: Any = read_manifest(run / "data/mix.jsonl").facts
    steps = {step["file"]: step for step in facts["lineage"]}
    data = run / "data"
    for name in SHARES:
        assert steps[f"{data}/{name}-kept.jsonl"]["parents"] == [f"{data}/{name}.jsonl"]
        assert steps[f"{data}/{name}.jsonl"]["known"] == "as-written"
        if name != "toefl":  # that one leads on to `generate`
            assert steps[f"{data}/{name}.jsonl"]["parents"] == [f"{run.parent}/{name}.jsonl"]
            assert steps[f"{run.parent}/{name}.jsonl"]["known"] == "no-manifest"
    assert steps[f"{data}/lmsys-kept.jsonl"]["facts"]["rejected"]["redacted"] > 0
    # The suite's turn that was planted.
    assert sum(steps[f"{data}/clean.jsonl"]["facts"]["rejected"].values()) > 0


def test_licences_of_local_copies_are_those_of_the_corpora(run: Path) -> None:
    facts: Any = read_manifest(run / "data/mix.jsonl").facts
    told = {name: licence["terms"] for name, licence in facts["licences"].items()}
    assert set(told) == {"LMSYS-Chat-1M", "llama3.1", "CC-BY-4.0", "Apache-2.0", "unknown"}
    assert told["LMSYS-Chat-1M"] == "allows nobody to pass the chats on"
    assert told["CC-BY-4.0"] == ""


def test_done_steps_are_skipped_and_a_changed_source_redoes_only_what_reads_it(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run / "data/mix.jsonl").read_bytes()
    recipe = str(run.parent / "small.toml")
    given = [f"--set={name}={run.parent / name}.jsonl" for name in SHARES if name != "toefl"]
    assert launch(["run", recipe, "--output", str(run), *given]) == 0
    assert capsys.readouterr().err.count("done before") == 16
    assert (run / "data/mix.jsonl").read_bytes() == before
    assert launch(["run", recipe, "--output", str(run), *given, "--set", "lmys=x"]) == 1
    assert "did you mean 'lmsys'?" in capsys.readouterr().err
