"""A recipe does its steps in order, skips what is done, and never hides what it overwrites."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from quimbot import pipeline
from quimbot.commands import COMMANDS, Work
from quimbot.exceptions import DataError, OutputError, RecipeError
from quimbot.records.jsonl import write_rows
from quimbot.runs.recipe import load_recipe
from quimbot.runs.stamp import Settings
from quimbot.runs.watch import Silent, Watch

WORKED: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Append:
    """Writes its source and one word more."""

    output: Path
    source: Path | None = None
    word: str = "word"

    def inputs(self) -> tuple[Path, ...]:
        return (self.source,) if self.source else ()

    def outputs(self) -> tuple[Path, ...]:
        return (self.output,)


def append(settings: Append, watch: Watch) -> str:
    del watch
    WORKED.append(settings.word)
    before = settings.source.read_text() if settings.source else ""
    settings.output.parent.mkdir(parents=True, exist_ok=True)
    settings.output.write_text(f"{before}{settings.word} ")
    return f"wrote {settings.word}"


@pytest.fixture(autouse=True)
def only_append(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(name: str) -> tuple[type[Settings], Work]:
        assert name in {"generate", "filter"}
        return Append, append

    monkeypatch.setattr(pipeline, "command", command)
    WORKED.clear()


TEXT = """\
[run]
steps = ["generate", "filter", "filter:again"]
[generate]
output = "{run}/a"
word = "one"
[filter]
source = "{run}/a"
output = "{run}/b"
word = "two"
["filter:again"]
output = "{run}/c"
word = "three"
"""


def go(
    tmp_path: Path, text: str = TEXT, *, until: str = "", force: bool = False
) -> list[tuple[str, str]]:
    path = tmp_path / "r.toml"
    path.write_text(text)
    recipe = load_recipe(str(path), tuple(COMMANDS))
    done = pipeline.run(recipe, Silent(), output=tmp_path / "run", until=until, force=force)
    return [(outcome.step, outcome.status) for outcome in done]


def test_steps_run_in_order_then_are_skipped(tmp_path: Path) -> None:
    steps = ["generate", "filter", "filter:again"]
    assert go(tmp_path) == [(step, "done") for step in steps]
    assert (tmp_path / "run/c").read_text() == "one three "
    assert go(tmp_path) == [(step, "skipped") for step in steps]
    assert WORKED == ["one", "two", "three"]


def test_a_changed_setting_redoes_that_step_and_what_reads_it(tmp_path: Path) -> None:
    go(tmp_path)
    assert go(tmp_path, TEXT.replace('"two"', '"TWO"')) == [
        ("generate", "skipped"),
        ("filter", "done"),
        ("filter:again", "skipped"),
    ]
    assert [status for _, status in go(tmp_path, TEXT.replace('"one"', '"ONE"'))] == ["done"] * 3
    assert (tmp_path / "run/b").read_text() == "ONE two "


def test_a_lost_output_is_made_again(tmp_path: Path) -> None:
    go(tmp_path)
    (tmp_path / "run/b").unlink()
    assert [status for _, status in go(tmp_path)] == ["skipped", "done", "skipped"]


def test_force_does_everything_anew(tmp_path: Path) -> None:
    go(tmp_path)
    assert [status for _, status in go(tmp_path, force=True)] == ["done"] * 3


def test_settings_are_checked_before_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="unknown key 'wrod'"):
        go(tmp_path, TEXT.replace('word = "three"', 'wrod = "three"'))
    assert WORKED == []


def test_a_run_may_stop_after_a_step_and_go_on_later(tmp_path: Path) -> None:
    assert go(tmp_path, until="filter") == [("generate", "done"), ("filter", "done")]
    assert go(tmp_path)[-1] == ("filter:again", "done")
    assert WORKED == ["one", "two", "three"]
    with pytest.raises(RecipeError, match=r"no step 'fliter'; steps: generate, filter.*did you"):
        go(tmp_path, until="fliter")


def test_the_run_folder_holds_resolved_settings_and_versions(tmp_path: Path) -> None:
    go(tmp_path)
    kept = (tmp_path / "run/run.json").read_text()
    assert f"{tmp_path}/run/b" in kept
    assert '"torch"' in kept


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with pipeline._alone(tmp_path / "run"), pytest.raises(OutputError, match="another run"):
        go(tmp_path)


def test_a_lone_command_does_not_replace_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "b"
    target.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        pipeline.perform("filter", Append(output=target), append, Silent(), replace=False)
    assert target.read_text() == "mine"
    pipeline.perform("filter", Append(output=target), append, Silent(), replace=False, force=True)
    assert target.read_text() == "word "


def folder_work(settings: Append, watch: Watch) -> str:
    """Writes a file into a folder; stops half-way when told to."""
    del watch
    if settings.word == "nothing":
        raise DataError("there is nothing to read")
    settings.output.mkdir(exist_ok=True)
    (settings.output / settings.word).touch()
    if settings.word == "half":
        raise DataError("half-way")
    return settings.word


def test_a_finished_folder_stands_aside_until_the_new_one_is_there(tmp_path: Path) -> None:
    def go(word: str) -> str:
        settings = Append(output=tmp_path / "run", word=word)
        return pipeline.perform("train", settings, folder_work, Silent(), replace=True).status

    def there() -> list[str]:
        return sorted(path.name for path in (tmp_path / "run").iterdir())

    assert go("one") == "done"
    with pytest.raises(DataError):
        go("nothing")
    assert (there(), go("one")) == (["one"], "skipped")
    with pytest.raises(DataError):
        go("half")
    assert there() == ["half"]
    assert go("two") == "done"  # what was begun goes on
    assert there() == ["half", "two"]
    assert {path.name for path in tmp_path.iterdir()} == {"run", ".run.step.json"}


def test_an_input_that_changes_meanwhile_has_the_step_done_again(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("old")

    def slow(settings: Append, watch: Watch) -> str:
        said = append(settings, watch)
        source.write_text("new")
        return said

    def go(work: Work) -> str:
        settings = Append(output=tmp_path / "x", source=source)
        return pipeline.perform("filter", settings, work, Silent(), replace=True).status

    assert [go(slow), go(append), go(append)] == ["done", "done", "skipped"]
    assert (tmp_path / "x").read_text() == "newword "


def test_a_step_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    def fails(settings: Append, watch: Watch) -> str:
        write_rows(settings.output, [2])
        return folder_work(Append(output=settings.output, word="nothing"), watch)

    settings = Append(output=tmp_path / "x.jsonl")
    write_rows(settings.output, [1])
    with pytest.raises(DataError):
        pipeline.perform("filter", settings, fails, Silent(), replace=True)
    assert settings.output.read_text() == "1\n"


def test_the_picked_checkpoint_is_filled_in(tmp_path: Path) -> None:
    assert pipeline.fill({"start": ["{picked}"]}, tmp_path) == {"start": ["{picked}"]}
    (tmp_path / "picked.json").write_text('{"address": "x/step-3"}')
    assert pipeline.fill({"start": ["{picked}"]}, tmp_path) == {"start": ["x/step-3"]}
    assert pipeline.fill("{run}/a", tmp_path) == f"{tmp_path}/a"
