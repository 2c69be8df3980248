"""Tutors and runtimes that answer as a test wants."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from quimbot.exceptions import RuntimeFault
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message
from quimbot.runs.checkpoints import MARKER
from quimbot.runtimes.runtime import Delta, Runtime, Sampling, TokenLogprob
from quimbot.runtimes.scripted import Script

TURNS = [
    ("a", "Yesterday I go to the store.", "Yesterday I went to the store.", "R:VERB:TENSE"),
    ("b", "She like music very much.", "She likes music very much.", "R:VERB:SVA"),
    ("c", "I have two dog at home.", "I have two dogs at home.", "R:NOUN:NUM"),
    ("d", "He are my best friend.", "He is my best friend.", "R:VERB:SVA"),
    ("e", "We was in the park together.", "We were in the park together.", "R:VERB:SVA"),
    ("f", "I am student of biology.", "I am a student of biology.", "M:DET"),
]


def write_suite(path: Path) -> str:
    """Six learner turns in three dialogues."""
    write_rows(
        path,
        [
            {
                "id": name,
                "learner": learner,
                "corrections": [correction],
                "error_types": [kind],
                "group": f"dialogue-{number // 2}",
                "licence": "Apache-2.0",
            }
            for number, (name, learner, correction, kind) in enumerate(TURNS)
        ],
    )
    return str(path)


def write_adapter(folder: Path, weights: bytes = b"weights") -> str:
    """A folder that counts as a finished checkpoint."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (folder / MARKER).touch()
    return str(folder)


class Tutor:
    """Answers by a function of the learner's turn; counts what it was asked."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.name = "tutor"
        self.asked: list[str] = []
        self._answer = answer

    async def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,  # noqa: ARG002 - the protocol's
    ) -> AsyncIterator[Delta]:
        learner = messages[-1].content
        self.asked.append(learner)
        yield Delta(text=self._answer(learner), finish="stop")


class Scorer(Tutor):
    """Gives every word of an assistant the log-probability of its word, one token each."""

    def __init__(self, logprob: Callable[[str], float]) -> None:
        super().__init__(str)
        self._logprob = logprob

    def logprobs(self, dialogues: Sequence[Sequence[Message]]) -> list[list[TokenLogprob]]:
        return [
            [
                TokenLogprob(token=0, text=word, logprob=self._logprob(word))
                for message in dialogue
                if message.role == "assistant"
                for word in message.content.split()
            ]
            for dialogue in dialogues
        ]


def perfect(learner: str) -> str:
    """The correction said back, and a question."""
    correction = next(right for _, wrong, right, _ in TURNS if wrong == learner)
    return f"I see: {correction} What happened next?"


def failing(learner: str) -> str:
    """No answer to some turns."""
    if "dog" in learner or "park" in learner:
        raise RuntimeFault("the server is down")
    return perfect(learner)


def opening(runtimes: Mapping[str, Runtime]) -> Callable[..., object]:
    """What stands in for `open_runtimes`."""

    @contextmanager
    def open_(
        addresses: Sequence[str],
        *,
        at_once: int = 1,  # noqa: ARG001 - the real one's
        script: Script | None = None,  # noqa: ARG001 - the real one's
    ) -> Iterator[dict[str, Runtime]]:
        yield {address: runtimes[address] for address in addresses}

    return open_
