"""torch in this process: slow and exact, the reference for the others; says probabilities."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes import tree_attention
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.chat_format import END_OF_TURN, Style, Tokenized, examples, prompt_text
from quimbot.runtimes.models import ModelFiles
from quimbot.runtimes.packing import Pack
from quimbot.runtimes.runtime import Delta, Finish, Sampling, TokenLogprob
from quimbot.runtimes.thinking import hiding
from quimbot.runtimes.torch_adapter import TorchAdapter
from quimbot.runtimes.torch_scoring import pack_evenly, token_logprobs

_HALF_CHARACTER = "\ufffd"


@dataclass(frozen=True, kw_only=True)
class _Written:
    """Dialogues as every adapter of an engine reads them that writes chats alike."""

    style: Style
    dialogues: Sequence[Sequence[Message]]
    parts: Sequence[tuple[int, Tokenized]]
    """The token sequences, each with the place of its dialogue."""
    packs: Sequence[Pack]


class TorchEngine:
    """A base model and its adapters, loaded once; answers one chat at a time.

    Raises:
        ModelError: the model or an adapter cannot be loaded, or an adapter changes nothing.
    """

    def __init__(self, base: ModelFiles, adapters: Sequence[Adapter] = ()) -> None:
        """Load in float32, on the GPU when there is one."""
        self.base = base
        self.tokenizer = base.tokenizer()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._one_at_a_time = threading.Lock()
        self._last: _Written | None = None
        disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it bare
        model: Any = AutoModelForCausalLM.from_pretrained(
            base.folder,
            dtype=torch.float32,
            local_files_only=True,
            attn_implementation=tree_attention.NAME,
        )
        self.model = model.to(self.device).eval()
        self._adapters = {
            adapter.folder.resolve(): TorchAdapter(self.model, adapter) for adapter in adapters
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give the memory back."""
        del self.model

    def runtime(self, name: str, adapter: Adapter | None = None) -> "TorchRuntime":
        """The base, or one of its adapters, as a runtime."""
        folder = None if adapter is None else adapter.folder.resolve()
        return TorchRuntime(name, self, folder, self.base.style_with(adapter))

    @contextlib.contextmanager
    def using(self, adapter: Path | None) -> Iterator[Any]:
        """The model with that adapter or none, for nobody else meanwhile."""
        on = contextlib.nullcontext() if adapter is None else self._adapters[adapter].on()
        with self._one_at_a_time, torch.inference_mode(), on:
            yield self.model

    def written(self, dialogues: Sequence[Sequence[Message]], style: Style) -> _Written:
        """The dialogues as tokens and packs; kept, since each adapter is asked about the same."""
        if self._last is None or (self._last.style, self._last.dialogues) != (style, dialogues):
            parts = [
                (place, part)
                for place, dialogue in enumerate(dialogues)
                for part in examples(dialogue, style, self.tokenizer, thoughts=False)
            ]
            packed = pack_evenly([part for _, part in parts], self.device)
            self._last = _Written(style=style, dialogues=list(dialogues), parts=parts, packs=packed)
        return self._last


class TorchRuntime:
    """One model or adapter of an engine."""

    def __init__(self, name: str, engine: TorchEngine, adapter: Path | None, style: Style) -> None:
        """Made by `TorchEngine.runtime`."""
        self.name = name
        self._engine = engine
        self._adapter = adapter
        self._style = style

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces, without thoughts; leaving the iterator stops at the next token."""
        engine = self._engine
        text = prompt_text(messages, self._style)
        prompt = engine.tokenizer.encode(text, add_special_tokens=False)
        room = engine.model.config.max_position_embeddings
        if len(prompt) >= room:
            raise PromptTooLong(
                f"{self.name}: the chat is {len(prompt)} tokens long and {room} fit; shorten it"
            )
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Delta | Exception] = asyncio.Queue()
        left = threading.Event()
        heard = hiding(self._style)

        def work() -> None:
            def tell(piece: Delta | Exception) -> None:
                with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)

            try:
                with engine.using(self._adapter) as model:
                    for delta in map(heard, _deltas(model, engine, prompt, sampling)):
                        tell(delta)
                        if left.is_set():
                            return
            except (RuntimeError, MemoryError) as fault:
                tell(fault)

        threading.Thread(target=work, daemon=True).start()
        try:
            while True:
                piece = await pieces.get()
                if isinstance(piece, Exception):
                    raise RuntimeFault(f"{self.name}: {' '.join(str(piece).split())}") from piece
                yield piece
                if piece.finish:
                    return
        finally:
            left.set()

    def logprobs(self, dialogues: Sequence[Sequence[Message]]) -> list[list[TokenLogprob]]:
        """For each dialogue, its assistant tokens (end-of-turn included) with log-probabilities.

        Thoughts are read and not counted: models with and without them are asked for the same.
        """
        engine = self._engine
        with engine.using(self._adapter) as model:
            written = engine.written(dialogues, self._style)
            found = token_logprobs(model, written.packs, engine.device)
        results: list[list[TokenLogprob]] = [[] for _ in dialogues]
        for place, (owner, part) in enumerate(written.parts):
            learnt = [token for token, weight in zip(*part, strict=True) if weight]
            results[owner] += [
                TokenLogprob(token=token, text=engine.tokenizer.decode([token]), logprob=logprob)
                for token, logprob in zip(learnt, found.get(place, []), strict=True)
            ]
        return results


def _deltas(
    model: Any,  # noqa: ANN401 - untyped library
    engine: TorchEngine,
    prompt: list[int],
    sampling: Sampling,
) -> Iterator[Delta]:
    """The reply in pieces; what may still become a stop string or a character is held back."""
    (end,) = engine.tokenizer.encode(END_OF_TURN, add_special_tokens=False)
    hold = max((len(stop) for stop in sampling.stop), default=1) - 1
    reply: list[int] = []
    text, shown, count = "", 0, 0
    finish: Finish = "length"
    for token in itertools.islice(
        _tokens(model, engine.device, prompt, sampling), sampling.max_tokens
    ):
        count += 1
        if token == end:
            finish = "stop"
            break
        reply.append(token)
        text = engine.tokenizer.decode(reply)
        found = [at for stop in sampling.stop if (at := text.find(stop)) >= 0]
        if found:
            text, finish = text[: min(found)], "stop"
            break
        sure = shown if text.endswith(_HALF_CHARACTER) else len(text) - hold
        if sure > shown:
            yield Delta(text=text[shown:sure])
            shown = sure
    yield Delta(text=text[shown:], finish=finish, prompt_tokens=len(prompt), reply_tokens=count)


def _tokens(
    model: Any,  # noqa: ANN401 - untyped library
    device: torch.device,
    prompt: list[int],
    sampling: Sampling,
) -> Iterator[int]:
    """Tokens drawn one after the other, without end."""
    chance = torch.Generator().manual_seed(sampling.seed)
    fresh, cache = prompt, None
    while True:
        out = model(
            torch.tensor([fresh], device=device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        token, cache = _draw(out.logits[0, -1].cpu(), sampling, chance), out.past_key_values
        yield token
        fresh = [token]


def _draw(logits_v: torch.Tensor, sampling: Sampling, chance: torch.Generator) -> int:
    if sampling.temperature == 0:
        return int(logits_v.argmax())
    chances, order = (logits_v / sampling.temperature).softmax(-1).sort(descending=True)
    before = chances.cumsum(-1) - chances
    kept = chances.where(before < sampling.top_p, 0.0)
    return int(order[torch.multinomial(kept, 1, generator=chance)])
