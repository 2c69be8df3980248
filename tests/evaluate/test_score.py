"""Scoring: what counts, what continues, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tutors import (
    TURNS,
    Tutor,
    failing,
    opening,
    perfect,
    write_adapter,
    write_suite,
)

from quimbot.evaluate import score as module
from quimbot.evaluate.answers import _PATIENCE
from quimbot.evaluate.score import ScoreSettings, score
from quimbot.exceptions import ModelError, OutOfCredit, RecipeError, RuntimeFault, Unusable
from quimbot.pipeline import perform
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Move
from quimbot.runs.scorecard import Score, read_judged, read_scorecard
from quimbot.runs.watch import Silent
from quimbot.runs.wilson import wilson
from quimbot.runtimes.runtime import Delta, Sampling


def _settings(tmp_path: Path, *runtimes: str, **more: int) -> ScoreSettings:
    suite = write_suite(tmp_path / "suite.jsonl")
    return ScoreSettings(
        runtimes=runtimes,
        suites=(suite,),
        moves=(Move.RECAST,),
        output=tmp_path / "scores",
        **more,  # type: ignore[arg-type] # numbers go to number fields
    )


def _scores(settings: ScoreSettings) -> dict[str, Score]:
    score(settings, Silent())
    return {row.address: row for row in read_scorecard(settings.output).scores}


def test_perfect_tutor_scores_one_and_hopeless_zero(tmp_path: Path) -> None:
    rows = _scores(_settings(tmp_path, "scripted:perfect", "scripted:hopeless"))
    best, worst = rows["scripted:perfect"], rows["scripted:hopeless"]
    assert (best.verified.value, best.recast.value, best.question.value) == (1, 1, 1)
    assert (worst.verified.value, worst.recast_any.value, worst.question.value) == (0, 0, 0)
    assert best.red_pen.value == best.repeats.value == 0
    assert best.verified.n == best.asked == len(TURNS)
    assert 0 < best.verified.low < best.verified.high == 1
    assert best.by_type["R:VERB:SVA"].n == 3


def test_an_echo_repeats_the_errors(tmp_path: Path) -> None:
    echo = _scores(_settings(tmp_path, "scripted:echo"))["scripted:echo"]
    assert echo.verified.value == 0
    assert echo.repeats.value >= 0.5


def test_shipped_suite_counts_only_turns_with_an_error(tmp_path: Path) -> None:
    settings = ScoreSettings(
        runtimes=("scripted:perfect", "scripted:hopeless"),
        output=tmp_path,
        moves=(Move.RECAST,),
        max_tokens=99,
    )
    rows = _scores(settings)
    best, worst = rows["scripted:perfect"], rows["scripted:hopeless"]
    assert best.asked == 233
    assert 215 <= best.verified.n < 233  # the others differ in spacing or case only
    assert best.verified.value > 0.95
    assert best.question == worst.question.__class__(
        passed=233, n=233, low=best.question.low, high=1.0
    )
    assert worst.verified.passed == 0


def test_failed_requests_are_failed_and_not_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(failing)}))
    row = _scores(_settings(tmp_path, "t"))["t"]
    assert (row.asked, row.failed, row.verified.n, row.verified.value) == (6, 2, 4, 1)


def test_a_second_run_asks_only_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, "t")
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(failing)}))
    score(settings, Silent())
    again = Tutor(perfect)
    monkeypatch.setattr(module, "open_runtimes", opening({"t": again}))
    row = _scores(settings)["t"]
    assert sorted(again.asked) == sorted(TURNS[i][1] for i in (2, 4))
    assert (row.failed, row.verified.n) == (0, 6)


def test_why_requests_failed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Told(Silent):
        def __init__(self) -> None:
            self.lines: list[str] = []

        def say(self, text: str) -> None:
            self.lines.append(text)

    told = Told()
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(failing)}))
    said = score(_settings(tmp_path, "t"), told)
    assert "t: 2 requests failed, the first: the server is down" in told.lines
    assert "(2 requests failed; --force asks them again)" in said


class Remote(Tutor):
    """Answers after a while, as a server does."""

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        for _ in range(5):
            await asyncio.sleep(0)
        async for delta in super().stream(messages, sampling):
            yield delta


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (RuntimeFault("it is down"), 1 + _PATIENCE),
        (Unusable("the key is wrong"), 2),
        (OutOfCredit("the account is empty"), 2),
    ],
)
def test_who_answers_nothing_more_is_one_line_and_the_others_are_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: RuntimeFault,
    asked: int,
) -> None:
    def dying(learner: str) -> str:
        if len(dead.asked) > 1:
            raise fault
        return perfect(learner)

    dead, alive = Remote(dying), Remote(perfect)
    settings = _settings(tmp_path, "dead", "alive", at_once=1)
    monkeypatch.setattr(module, "open_runtimes", opening({"dead": dead, "alive": alive}))
    with pytest.raises(RuntimeFault, match=r"1 of 6 answers are kept.* the same command") as told:
        score(settings, Silent())
    assert str(fault) in str(told.value)
    assert isinstance(told.value, OutOfCredit) == isinstance(fault, OutOfCredit)
    assert (len(dead.asked), len(alive.asked)) == (asked, 6)
    assert not settings.output.exists()
    again = Tutor(perfect)
    monkeypatch.setattr(module, "open_runtimes", opening({"dead": again}))
    assert {row.verified.n for row in _scores(settings).values()} == {6}
    assert len(again.asked) == 5


def test_who_answers_nothing_at_all_is_no_tutor_without_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(learner: str) -> str:
        raise RuntimeFault(f"no answer to {learner}")

    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(dead)}))
    with pytest.raises(RuntimeFault, match="0 of 6 answers are kept"):
        score(_settings(tmp_path, "t", at_once=16), Silent())


def test_force_asks_only_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(tmp_path, "t")
    for tutor, asked in ((Tutor(failing), 6), (Tutor(perfect), 2)):
        monkeypatch.setattr(module, "open_runtimes", opening({"t": tutor}))
        perform("score", settings, score, Silent(), replace=False, force=asked == 2)
        assert len(tutor.asked) == asked


def test_a_mended_check_judges_the_same_replies_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, "t")
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(perfect)}))
    assert _scores(settings)["t"].verified.passed == 6
    suite = Path(settings.suites[0])
    suite.write_text(suite.read_text().replace('"corrections"', '"avoids":["went"],"corrections"'))
    monkeypatch.setattr(module, "open_runtimes", opening({}))
    assert _scores(settings)["t"].verified.passed == 5


def test_what_two_turns_ask_in_the_same_words_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = tmp_path / "twice.jsonl"
    turns = [{"id": check, "check": check, "learner": "I am here."} for check in ("tone", "flow")]
    write_rows(suite, turns)
    tutor = Tutor(lambda _: "I see, and where is that?")
    monkeypatch.setattr(module, "open_runtimes", opening({"t": tutor}))
    settings = ScoreSettings(runtimes=("t",), suites=(str(suite),), output=tmp_path / "scores")
    score(settings, Silent())
    rows = read_scorecard(settings.output).scores
    assert [(row.check, row.verified.passed) for row in rows] == [("tone", 1), ("flow", 1)]
    assert len(tutor.asked) == 1


def test_a_killed_run_continues_to_the_same_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, "t")
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(perfect)}))
    score(settings, Silent())
    whole = (settings.output / "scores.json").read_bytes()
    log = settings.kept()
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:3]) + lines[3][:40])  # killed inside the fourth line
    again = Tutor(perfect)
    monkeypatch.setattr(module, "open_runtimes", opening({"t": again}))
    score(settings, Silent())
    assert len(again.asked) == 3
    assert (settings.output / "scores.json").read_bytes() == whole


def test_nothing_is_opened_when_all_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, "t")
    monkeypatch.setattr(module, "open_runtimes", opening({"t": Tutor(perfect)}))
    score(settings, Silent())
    monkeypatch.setattr(module, "open_runtimes", opening({}))
    assert "(0 requests failed)" in score(settings, Silent())


def test_two_scorings_that_share_their_replies_ask_no_turn_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(_settings(tmp_path, "t"), replies=tmp_path / "shared.jsonl")
    part = replace(whole, output=tmp_path / "part", limit=2)
    asked = []
    for settings in (part, whole):
        tutor = Tutor(perfect)
        monkeypatch.setattr(module, "open_runtimes", opening({"t": tutor}))
        score(settings, Silent())
        asked += tutor.asked
    assert sorted(asked) == sorted(turn[1] for turn in TURNS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adapter_model.safetensors", "adapter_config.json"),
        ("adapter_config.json", "adapter_config.json"),
        ("model.safetensors", "config.json"),
    ],
)
def test_new_files_under_an_old_address_are_asked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    model = tmp_path / "step-1"
    write_adapter(model)
    (model / "adapter_config.json").rename(model / kind)
    settings = _settings(tmp_path, str(model))
    for content, asked in ((b"", 6), (b"", 0), (b"other", 6)):
        (model / name).write_bytes(content)
        tutor = Tutor(perfect)
        monkeypatch.setattr(module, "open_runtimes", opening({str(model): tutor}))
        score(settings, Silent())
        assert len(tutor.asked) == asked


def test_a_training_run_stands_for_its_finished_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "stage1"
    late = write_adapter(run / "checkpoints" / "step-000020", b"1")
    early = write_adapter(run / "checkpoints" / "step-000003", b"2")
    (run / "checkpoints" / "step-000030").mkdir()
    tutors = {address: Tutor(perfect) for address in (early, late)}
    monkeypatch.setattr(module, "open_runtimes", opening(tutors))
    settings = _settings(tmp_path, str(run))
    score(settings, Silent())
    rows = read_scorecard(settings.output).scores
    assert [(row.address, row.step) for row in rows] == [(early, 3), (late, 20)]


def test_an_adapter_that_answers_as_the_base_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = write_adapter(tmp_path / "step-1")
    tutors = {"base": Tutor(perfect), adapter: Tutor(perfect)}
    monkeypatch.setattr(module, "open_runtimes", opening(tutors))
    with pytest.raises(ModelError, match="all 6 replies equal those of base"):
        score(_settings(tmp_path, "base", adapter), Silent())
    assert not (tmp_path / "scores" / "scores.json").exists()


def test_a_folder_without_finished_checkpoints_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(ModelError, match="no finished checkpoint"):
        score(_settings(tmp_path, str(tmp_path / "run")), Silent())


def test_replies_are_records_with_their_verdicts(tmp_path: Path) -> None:
    settings = _settings(tmp_path, "scripted:perfect", limit=2)
    score(settings, Silent())
    rows = list(read_judged(settings.output))
    assert len(rows) == 2
    for row in rows:
        assert row.record.provenance.author == row.address == "scripted:perfect"
        assert row.record.provenance.origin == row.item
        assert row.verified
        assert any(
            row.reply[span.start : span.end]
            in {"went", "likes", "dogs", "is", "were", "a", "a student"}
            for span in row.verdict.evidence
            if span.label == "recast"
        )
    card = read_scorecard(settings.output)
    assert (card.turns, card.of) == (2, 6)


def test_every_move_is_asked_for_and_scored_alone(tmp_path: Path) -> None:
    settings = ScoreSettings(
        runtimes=("scripted:perfect",),
        suites=(write_suite(tmp_path / "suite.jsonl"),),
        output=tmp_path / "scores",
        moves=tuple(Move),
    )
    score(settings, Silent())
    rows = {row.move: row for row in read_scorecard(settings.output).scores}
    assert set(rows) == set(Move)
    assert {row.verified.value for row in rows.values()} == {1}
    prompts = {row.record.messages[0].content for row in read_judged(settings.output)}
    assert len(prompts) == len(Move)


def test_several_suites_are_asked_in_one_go_and_scored_apart(tmp_path: Path) -> None:
    settings = ScoreSettings(
        runtimes=("scripted:perfect", "scripted:hopeless"),
        suites=("tone", "general", write_suite(tmp_path / "mine.jsonl")),
        moves=(Move.RECAST,),
        output=tmp_path / "scores",
        limit=5,
    )
    said = score(settings, Silent())
    assert said.count("scored 2 models on 5 of") == 3
    cards = [read_scorecard(tmp_path / "scores" / name) for name in ("tone", "general", "mine")]
    assert [card.measure for card in cards] == ["tone", "answer", "recast"]
    assert [[row.verified.value for row in card.scores] for card in cards] == [[1, 0]] * 3
    chats = [row.record for row in read_judged(tmp_path / "scores" / "general")]
    assert {record.messages[0].role for record in chats} == {"user"}
    assert len(settings.kept().read_bytes().splitlines()) == 30


def test_several_samples_have_seeds_of_their_own_and_narrow_no_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Drawing(Tutor):
        async def stream(
            self, messages: Sequence[Message], sampling: Sampling
        ) -> AsyncIterator[Delta]:
            self.asked.append(messages[-1].content)
            right = perfect(messages[-1].content)
            yield Delta(text="No." if sampling.seed % 2 else right, finish="stop")

    tutor = Drawing(perfect)
    monkeypatch.setattr(module, "open_runtimes", opening({"t": tutor}))
    settings = replace(_settings(tmp_path, "t"), samples=4, temperature=0.7, seed=3)
    score(settings, Silent())
    (row,) = read_scorecard(settings.output).scores
    assert len(tutor.asked) == 24
    assert (row.asked, row.verified.passed, row.verified.n) == (24, 12, 24)
    assert (row.verified.low, row.verified.high) == wilson(3, 6)
    samples = [(each.item, each.sample) for each in read_judged(settings.output)]
    assert len(set(samples)) == 24


def test_a_talk_is_sent_with_what_was_said_before(tmp_path: Path) -> None:
    settings = ScoreSettings(
        runtimes=("scripted:perfect",), suites=("dialogue_flow",), output=tmp_path, limit=3
    )
    score(settings, Silent())
    for row in read_judged(tmp_path):
        roles = [message.role for message in row.record.messages]
        assert roles[0] == "system"
        assert roles[1:] == ["user", "assistant"] * (len(roles) // 2)
        assert len(roles) >= 5


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"runtimes": ()}, "runtimes"),
        ({"moves": ()}, "moves"),
        ({"limit": -1}, "limit"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": -1.0}, "temperature"),
        ({"samples": 0}, "samples"),
        ({"samples": 2}, "temperature 0, where all are the same"),
        ({"suites": ()}, "suites"),
        ({"suites": ("tone", "tone")}, "suites has 2 that are called 'tone'"),
        ({"suites": ("a/mine.jsonl", "mine.jsonl")}, "suites has 2 that are called 'mine'"),
        ({"suites": ("own/tone.jsonl",)}, "own/tone.jsonl: has the name of a suite that ships"),
    ],
)
def test_settings_out_of_range_are_refused(
    tmp_path: Path, wrong: dict[str, Any], name: str
) -> None:
    table: dict[str, Any] = {"runtimes": ("m",), "output": tmp_path, **wrong}
    with pytest.raises(RecipeError, match=name):
        ScoreSettings(**table)
