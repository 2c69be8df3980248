"""Perplexity against a plain loop, by parts, and without what leaked from training."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from tutors import Scorer, Tutor, opening, write_adapter

from quimbot.evaluate import perplexity as module
from quimbot.evaluate.perplexity import PerplexitySettings, perplexity
from quimbot.exceptions import DataError, ModelError, RecipeError
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.scorecard import Perplexities, read_perplexities
from quimbot.runs.watch import Silent
from quimbot.runtimes.runtime import TokenLogprob


def _record(learner: str, *replies: str, source: str = "one", family: str = "") -> Record:
    turns = [Message(role="system", content="Be a tutor."), Message(role="user", content=learner)]
    for reply in replies:
        turns += [
            Message(role="assistant", content=reply),
            Message(role="user", content="and then"),
        ]
    return Record(
        messages=tuple(turns),
        provenance=Provenance(source=source, licence="MIT"),
        tags={"family": family} if family else {},
    )


ROWS = [
    _record("I goes", "You go", "Fine then"),
    _record("She like", "She likes it", source="two"),
    _record("Hola", "Olá, você?", source="two"),
]


def _measured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Record] = ROWS,
    *train: list[Record],
) -> Perplexities:
    write_rows(tmp_path / "held.jsonl", rows)
    files = tuple(tmp_path / f"train{number}.jsonl" for number in range(len(train)))
    for path, trained in zip(files, train, strict=True):
        write_rows(path, trained)
    runtimes = {"torch:m": Scorer(lambda word: -len(word) / 2), "torch:n": Scorer(lambda _: -1.0)}
    monkeypatch.setattr(module, "open_runtimes", opening(runtimes))
    settings = PerplexitySettings(
        runtimes=("m", "torch:n"),
        data=tmp_path / "held.jsonl",
        output=tmp_path / "perplexity.json",
        train=files,
    )
    perplexity(settings, Silent())
    return read_perplexities(settings.output)


def test_equals_a_plain_loop_over_assistant_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _measured(tmp_path, monkeypatch)
    said = [m.content for row in ROWS for m in row.messages if m.role == "assistant"]
    nats = tokens = size = 0.0
    for text in said:
        size += len(text.encode())
        for word in text.split():
            nats += len(word) / 2
            tokens += 1
    overall = result.runtimes[0].overall
    assert overall.perplexity == pytest.approx(math.exp(nats / tokens))
    assert overall.byte_perplexity == pytest.approx(math.exp(nats / size))
    assert (overall.tokens, overall.bytes, overall.records) == (tokens, size, 3)


def test_sources_add_up_by_their_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _measured(tmp_path, monkeypatch).runtimes[0]
    assert list(row.sources) == ["one", "two"]
    parts = row.sources.values()
    nats, tokens = sum(part.nats for part in parts), sum(part.tokens for part in parts)
    assert row.overall.perplexity == pytest.approx(math.exp(nats / tokens))
    mean_of_means = sum(part.perplexity for part in parts) / len(parts)
    assert row.overall.perplexity != pytest.approx(mean_of_means, abs=1e-3)


def test_a_flat_model_has_perplexity_e_and_addresses_read_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _measured(tmp_path, monkeypatch)
    assert [row.address for row in result.runtimes] == ["m", "n"]
    assert result.runtimes[1].overall.perplexity == pytest.approx(math.e)


def test_order_of_dialogues_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = _measured(tmp_path, monkeypatch)
    back = _measured(tmp_path, monkeypatch, ROWS[::-1])
    assert there.runtimes == back.runtimes


def test_what_families_of_training_hold_is_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = _record("Yesterday I go to the big old store with Ann", "Did you?", source="near")
    tagged = _record("New one", "Yes", family="f1")
    train = [
        [_record("i  GOES!", "Another reply"), _record("Other words", "x", family="f1")],
        [_record("Yesterday I go to the big old store with Bob", "You went?")],
    ]
    result = _measured(tmp_path, monkeypatch, [*ROWS, near, tagged], *train)
    assert (result.records, result.leaked, result.leaked_share) == (2, 3, 0.6)
    kept = _measured(tmp_path, monkeypatch, ROWS[1:])
    assert result.runtimes == kept.runtimes
    assert result.records_sha256 == kept.records_sha256
    none = _measured(tmp_path, monkeypatch, ROWS, [])
    assert (none.records, none.leaked, none.leaked_share) == (3, 0, 0.0)
    assert none.runtimes == _measured(tmp_path, monkeypatch, ROWS).runtimes


def test_without_training_data_the_leak_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = _measured(tmp_path, monkeypatch)
    assert (result.leaked, result.leaked_share) == (None, None)


def test_data_that_is_all_trained_on_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"turns of all 3 dialogues are also in .*train0\.jsonl"):
        _measured(tmp_path, monkeypatch, ROWS, ROWS[::-1])
    assert not (tmp_path / "perplexity.json").exists()


def test_the_summary_tells_the_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "held.jsonl", ROWS)
    write_rows(tmp_path / "train.jsonl", ROWS[:1])
    monkeypatch.setattr(module, "open_runtimes", opening({"torch:m": Scorer(lambda _: -1.0)}))
    settings = PerplexitySettings(
        runtimes=("m",),
        data=tmp_path / "held.jsonl",
        output=tmp_path / "p.json",
        train=(tmp_path / "train.jsonl",),
    )
    assert "1 model on 2 dialogues (1 more left out as trained on, 33.3%)" in perplexity(
        settings, Silent()
    )


def test_every_model_reads_a_part_before_anyone_reads_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 60)
    read: list[tuple[str, list[str]]] = []

    class Noting(Scorer):
        def logprobs(self, dialogues: Sequence[Sequence[Message]]) -> list[list[TokenLogprob]]:
            read.append((self.name, [dialogue[1].content for dialogue in dialogues]))
            return super().logprobs(dialogues)

    one, other = (Noting(lambda _: -1.0) for _ in range(2))
    one.name, other.name = "one", "other"
    monkeypatch.setattr(module, "open_runtimes", opening({"torch:m": one, "torch:n": other}))
    write_rows(tmp_path / "held.jsonl", ROWS)
    settings = PerplexitySettings(
        runtimes=("m", "n"), data=tmp_path / "held.jsonl", output=tmp_path / "p.json"
    )
    perplexity(settings, Silent())
    assert [name for name, _ in read] == ["one", "other"] * (len(read) // 2)
    assert len(read) > 2
    for name in ("one", "other"):
        turns = [turn for reader, part in read if reader == name for turn in part]
        assert sorted(turns) == sorted(row.messages[1].content for row in ROWS)


def test_a_reply_that_counts_nothing_adds_no_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Message(role="assistant", content="Never mind", weight=0.0)
    row = Record(
        messages=(*_record("Hi", "Hello there").messages, quiet),
        provenance=Provenance(source="one", licence="MIT"),
    )
    assert _measured(tmp_path, monkeypatch, [row]).runtimes[0].overall.bytes == len("Hello there")


def test_checkpoints_of_a_run_keep_their_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = write_adapter(tmp_path / "run" / "checkpoints" / "step-000007")
    write_rows(tmp_path / "held.jsonl", ROWS)
    monkeypatch.setattr(module, "open_runtimes", opening({f"torch:{step}": Scorer(lambda _: -2.0)}))
    settings = PerplexitySettings(
        runtimes=(str(tmp_path / "run"),),
        data=tmp_path / "held.jsonl",
        output=tmp_path / "p.json",
    )
    told = perplexity(settings, Silent())
    assert "a byte, 7.39 a token" in told
    assert "trained on is unknown; say it with --train" in told
    row = read_perplexities(settings.output).runtimes[0]
    assert (row.address, row.step, len(row.adapter)) == (step, 7, 64)


def test_every_model_is_told_by_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Hearing(Silent):
        def say(self, text: str) -> None:
            told.append(text)

    write_rows(tmp_path / "held.jsonl", ROWS)
    monkeypatch.setattr(module, "open_runtimes", opening({"torch:m": Scorer(lambda _: -2.0)}))
    settings = PerplexitySettings(
        runtimes=("m",), data=tmp_path / "held.jsonl", output=tmp_path / "p.json"
    )
    perplexity(settings, Hearing())
    (line,) = told
    overall, one, two = line.split("; ")
    assert overall.startswith("m: 7.39 a token, ")
    assert one.startswith("one: 7.39 a token, ")
    assert two.startswith("two: 7.39 a token, ")


def test_a_folder_as_output_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"is a folder; name a \.json file"):
        PerplexitySettings(runtimes=("m",), data=tmp_path / "held.jsonl", output=tmp_path)


def test_data_without_a_reply_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no dialogue with an assistant turn"):
        _measured(tmp_path, monkeypatch, [_record("Hi")])


def test_a_runtime_that_cannot_score_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "held.jsonl", ROWS)
    monkeypatch.setattr(module, "open_runtimes", opening({"http://x/v1#m": Tutor(str)}))
    settings = PerplexitySettings(
        runtimes=("http://x/v1#m",), data=tmp_path / "held.jsonl", output=tmp_path / "p.json"
    )
    with pytest.raises(ModelError, match=r"http://x/v1#m: .*cannot score"):
        perplexity(settings, Silent())
