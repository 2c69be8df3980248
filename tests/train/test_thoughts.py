"""A tutor that learnt its thoughts thinks, and is heard without them, wherever it answers."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from tiny_models import THOUGHTS_ONLY, WITH_AND_WITHOUT_THOUGHTS, tiny_model, with_template

from quimbot.evaluate.perplexity import PerplexitySettings, perplexity
from quimbot.exceptions import ModelError
from quimbot.export.export import ExportSettings, export
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.scorecard import Perplexities
from quimbot.runs.watch import Silent
from quimbot.runtimes.chat_format import Style, read_style
from quimbot.runtimes.connect import connect
from quimbot.runtimes.runtime import Reply, Sampling, reply
from quimbot.train.loop import train
from quimbot.train.settings import TrainSettings

pytestmark = pytest.mark.filterwarnings(  # peft reads a name that transformers will drop
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)

SAID = {"I go.": "You went?", "Hi.": "The store!"}
THOUGHTS = {"I go.": "<think>\nthe user went\n</think>\n\n", "Hi.": ""}


@dataclass(frozen=True)
class Tutor:
    folder: Path
    style: Style
    said: list[str]


class Lines(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(
    scope="module",
    params=[
        (WITH_AND_WITHOUT_THOUGHTS, "qwen3-thinking"),
        (THOUGHTS_ONLY, "qwen3-thinking-only"),
    ],
    ids=lambda pair: pair[1],
)
def tutor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tutor]:
    """A tiny model that knows two dialogues by heart, one of them with a thought."""
    opening, style = request.param
    folder = tmp_path_factory.mktemp("tutor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        with_template(tiny_model(folder / "base", "qwen3", pad=0), opening)
        write_rows(folder / "data.jsonl", [record(learner) for learner in SAID])
        watch = Lines()
        # one of them with an adapter that llama.cpp has in its weights
        dora = style == "qwen3-thinking-only"
        train(settings(folder, thinking="keep", use_dora=dora), watch)
        yield Tutor(folder, style, watch.said)


def record(learner: str) -> Record:
    turns = (
        Message(role="user", content=learner),
        Message(role="assistant", content=THOUGHTS[learner] + SAID[learner]),
    )
    return Record(messages=turns, provenance=Provenance(source="test", licence="MIT"))


def settings(folder: Path, **more: object) -> TrainSettings:
    return TrainSettings(
        data=folder / "data.jsonl",
        output=folder / "run",
        model=str(folder / "base"),
        batch_size=2,
        steps=60,
        checkpoints=1,
        learning_rate=1e-2,
        **more,  # type: ignore[arg-type] # as each test gives them
    )


def ask(address: str, learner: str, max_tokens: int = 40) -> Reply:
    chat = [Message(role="user", content=learner)]
    with connect(address) as runtime:
        return asyncio.run(reply(runtime, chat, Sampling(max_tokens=max_tokens)))


@pytest.mark.parametrize("engine", ["torch", "llamacpp"])
def test_it_is_heard_without_its_thoughts(tutor: Tutor, engine: str) -> None:
    address = f"{engine}:{tutor.folder / 'run'}"
    answers = {learner: ask(address, learner) for learner in SAID}
    assert {learner: answer.text for learner, answer in answers.items()} == SAID
    counted = [answer.reply_tokens for answer in answers.values()]
    assert counted[0] > counted[1] + 3  # "the user went" is counted
    cut = ask(address, "I go.", max_tokens=4)
    assert (cut.text, cut.finish, cut.reply_tokens) == ("", "length", 4)


def test_a_checkpoint_tells_its_style_and_the_sample_shows_the_thought(tutor: Tutor) -> None:
    (checkpoint,) = (tutor.folder / "run").glob("step-*")
    assert read_style(checkpoint) == tutor.style
    assert any("the user went\\n</think>\\n\\nYou went?" in line for line in tutor.said)


def test_perplexity_counts_the_same_words_with_and_without_thoughts(
    tutor: Tutor, tmp_path: Path
) -> None:
    addresses = (str(tutor.folder / "base"), str(tutor.folder / "run"))
    data, output = tutor.folder / "data.jsonl", tmp_path / "perplexity.json"
    perplexity(PerplexitySettings(runtimes=addresses, data=data, output=output), Silent())
    measured = msgspec.json.decode(output.read_bytes(), type=Perplexities)
    base, ours = (each.overall for each in measured.runtimes)
    assert (base.tokens, base.bytes) == (ours.tokens, ours.bytes)
    assert ours.bytes == len("".join(SAID.values()))
    assert ours.perplexity < 1.1 < base.perplexity


def test_it_leaves_with_its_style_or_not_at_all(tutor: Tutor, tmp_path: Path) -> None:
    checkpoint = str(tutor.folder / "run")
    merged, peft = tmp_path / "merged", tmp_path / "peft"
    export(ExportSettings(checkpoint=checkpoint, output=merged, form="merged"), Silent())
    export(ExportSettings(checkpoint=checkpoint, output=peft, form="peft"), Silent())
    assert read_style(merged) == read_style(peft) == tutor.style
    assert ask(f"torch:{merged}", "I go.").text == SAID["I go."]
    with pytest.raises(ModelError, match="its Modelfile would show the thoughts"):
        export(
            ExportSettings(checkpoint=checkpoint, output=tmp_path / "x", form="ollama"), Silent()
        )


def test_only_what_can_think_learns_to(tutor: Tutor, tmp_path: Path) -> None:
    with_template(tiny_model(tmp_path / "base", "qwen3"), "")
    write_rows(tmp_path / "data.jsonl", [record("Hi.")])
    with pytest.raises(ModelError, match="this model has no thoughts"):
        train(settings(tmp_path, thinking="keep", dry_run=True), Silent())
    if tutor.style == "qwen3-thinking-only":
        with pytest.raises(ModelError, match="thinks before each answer"):
            train(settings(tutor.folder, dry_run=True), Silent())
