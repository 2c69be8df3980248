"""What a person sees after a mistake: one line, a status, and nothing half-written."""

import errno
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reviews import score_folder
from rich.console import Console

from quimbot import cli
from quimbot.cli import launch
from quimbot.runs.recipe import shipped_recipes

Seen = Callable[..., tuple[int, str]]

ROW: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Hello there!"},
        {"role": "assistant", "content": "Hello! How was your day?"},
    ],
    "provenance": {"source": "test", "licence": "CC0"},
}


@pytest.fixture
def seen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Seen:
    """A command line's status and what it said on standard error."""
    monkeypatch.setattr(cli.err, "width", 400)

    def run(*words: str | Path) -> tuple[int, str]:
        status = launch([str(word) for word in words])
        return status, capsys.readouterr().err

    return run


def is_one_line(text: str) -> bool:
    return text.startswith("error: ") and text.count("\n") == 1


def rows(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "dmeo"], "did you mean 'demo'"),
        (["trian"], "trian"),
        (["filter", "--input", "a.jsonl", "--ouput", "b.jsonl"], "--ouput"),
        (["filter", "--input", "gone.jsonl", "--output", "b.jsonl"], "gone.jsonl: no such file"),
        (["mix", "--part", "x:y", "--output", "b.jsonl"], "path.jsonl:share"),
        (["generate", "--output", "b.jsonl", "--dialogues", "0"], "at least 1"),
        (["generate", "--output", "b.jsonl", "--dialogues", "many"], "many"),
        (["score", "--runtimes", "smolm2-135m", "--output", "s", "--limit", "1"], "smollm2-135m"),
        (["chat", "no-such-model"], "no-such-model"),
        (["serve", "scripted:echo", "--host", "0.0.0.0"], "--accounts"),
        (["serve", "scripted:echo", "--port", "0", "--store", "."], "cannot be written"),
        (["invite", "--role", "boss"], "boss"),
        (["key", "revoke", "--key", "x", "--store", "b.db"], "quimbot key list"),
    ],
)
def test_a_mistake_is_one_line(
    seen: Seen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, text = seen(*words)
    assert status in {cli.FAILED, cli.MISUSED}
    assert is_one_line(text), text
    assert expected in text
    assert list(tmp_path.glob("b.jsonl")) == []


def test_a_misspelt_recipe_key_names_file_line_and_the_right_one(
    seen: Seen, tmp_path: Path
) -> None:
    text = shipped_recipes()["smoke"].read_text().replace("batch_size", "batchsize", 1)
    recipe = tmp_path / "mine.toml"
    recipe.write_text(text)
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if row.startswith("batchsize"))
    status, said = seen("run", recipe, "--output", tmp_path / "run")
    assert status == cli.FAILED
    assert is_one_line(said)
    assert f"{recipe}:{line}: unknown key 'batchsize' in [train]" in said
    assert "did you mean 'batch_size'" in said
    assert not (tmp_path / "run" / "data").exists()


def test_a_malformed_line_is_named_and_nothing_is_written(seen: Seen, tmp_path: Path) -> None:
    data = rows(tmp_path / "a.jsonl", ROW)
    data.write_text(data.read_text() + '{"messages": [}\n')
    status, text = seen("dedup", "--input", data, "--output", tmp_path / "b.jsonl")
    assert (status, is_one_line(text)) == (cli.FAILED, True)
    assert f"{data}:2:" in text
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_an_empty_dataset_and_one_without_a_reply_cannot_be_learnt(
    seen: Seen, tmp_path: Path
) -> None:
    empty = rows(tmp_path / "empty.jsonl")
    status, text = seen("train", "--data", empty, "--output", tmp_path / "t")
    assert (status, is_one_line(text)) == (cli.FAILED, True)
    assert "no dialogue to learn from" in text
    mute = rows(tmp_path / "mute.jsonl", {**ROW, "messages": ROW["messages"][:1]})
    status, text = seen("train", "--data", mute, "--output", tmp_path / "t2")
    assert (status, is_one_line(text)) == (cli.FAILED, True)
    assert "trainable" in text


def test_an_existing_output_is_kept_until_forced(seen: Seen, tmp_path: Path) -> None:
    data, target = rows(tmp_path / "a.jsonl", ROW), tmp_path / "b.jsonl"
    target.write_text("mine\n")
    status, text = seen("dedup", "--input", data, "--output", target)
    assert (status, is_one_line(text)) == (cli.FAILED, True)
    assert "--force" in text
    assert target.read_text() == "mine\n"
    assert seen("dedup", "--input", data, "--output", target, "--force")[0] == 0
    status, text = seen("dedup", "--input", data, "--output", target)
    assert status == 0
    assert text.startswith("already done")


def test_a_full_disk_is_one_line(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = rows(tmp_path / "a.jsonl", ROW)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    status, text = seen("dedup", "--input", data, "--output", tmp_path / "b.jsonl")
    assert status == cli.FAILED
    assert is_one_line(text.splitlines(keepends=True)[-1])  # after the progress
    assert "No space left" in text
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_flag_wins_over_the_recipe_and_the_recipe_over_the_default(
    seen: Seen, tmp_path: Path
) -> None:
    said, answered = ROW["messages"]
    many = [{**ROW, "messages": [{**said, "content": f"I am {i}."}, answered]} for i in range(20)]
    data = rows(tmp_path / "a.jsonl", *many)
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'[split]\ninput = ["{data}"]\nvalid = "{tmp_path}/v.jsonl"\nseed = 7\n')
    status, text = seen(
        "split", "--recipe", recipe, "--output", tmp_path / "t.jsonl", "--seed", "9"
    )
    assert status == 0, text
    stamp = json.loads((tmp_path / ".t.jsonl.step.json").read_text())
    assert stamp["settings"]["seed"] == 9
    assert stamp["settings"]["valid"] == f"{tmp_path}/v.jsonl"
    assert stamp["settings"]["valid_share"] == 0.1


def test_a_command_of_two_words_works_by_flags_and_by_recipe(seen: Seen, tmp_path: Path) -> None:
    scores = score_folder(tmp_path / "scores")
    status, text = seen("blind", "make", "--scores", scores, "--output", tmp_path / "a.html")
    assert status == 0, text
    recipe = tmp_path / "r.toml"
    head = f'[run]\noutput = "{tmp_path}/run"\nsteps = ["blind make"]\n'
    recipe.write_text(
        f'{head}["blind make"]\nscores = "{scores}"\noutput = "{tmp_path}/b.html"\npairs = 24\n'
    )
    assert seen("blind", "make", "--recipe", recipe)[0] == 0
    assert (tmp_path / "a.html").read_text() == (tmp_path / "b.html").read_text()
    status, text = seen("run", recipe)
    assert status == 0, text
    assert "blind make" in text
    recipe.write_text(f'{head}["blind make"]\nscore = "{scores}"\n')
    status, text = seen("run", recipe)
    assert (status, is_one_line(text)) == (cli.FAILED, True)
    assert f"{recipe}:5: unknown key 'score' in [blind make]" in text


def test_a_family_lists_its_commands_and_names_a_misspelt_one(
    seen: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(["blind"]) == 0
    told = capsys.readouterr().out
    assert all(
        text in told for text in ("Let people compare", "Write a page on which", "Count what")
    )
    status, text = seen("blind", "mkae")
    assert (status, is_one_line(text)) == (cli.MISUSED, True)
    assert 'Did you mean "make"?' in text


def test_help_teaches_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(["train", "--help"]) == 0
    told = capsys.readouterr().out
    assert "--learning-rate" in told
    assert "Rank of the adapter" in told


def test_help_waits_for_no_slow_library() -> None:
    ask = "launch(['--help']); launch(['compare', '--help'])"
    tell = "print('loaded:', *{'scipy.stats', 'spacy', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; from quimbot.cli import launch; {ask}; {tell}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--against" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_a_log_has_a_line_every_tenth_and_every_minute_with_an_eta(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    log = io.StringIO()
    with cli.Bars(Console(file=log)).task("generate", 1000, done=500) as task:
        for _ in range(500):
            clock[0] += 2.0
            task.advance(passed="90.0%")
    lines = log.getvalue().splitlines()
    assert len(lines) == 20  # of a hundred rows the 31st, 62nd, 93rd and the last
    assert lines[0] == "  generate 531/1000  eta 0:15:38  passed 90.0%"
    assert lines[-1] == "  generate 1000/1000  passed 90.0%"
