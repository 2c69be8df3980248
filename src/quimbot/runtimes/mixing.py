"""Whether a server keeps its models apart when they are asked at the same time.

vLLM answers chats of several adapters in one batch. On CPU (0.32) a chat of the base is then
answered as the adapter in the last slot would, unless that slot is empty: with as many slots as
adapters (`--max-loras`), 2 of 2 replies of the base were an adapter's, or a mixture of both.
"""

import asyncio
from collections.abc import Iterable, Sequence

from quimbot.exceptions import ModelError
from quimbot.records.record import Message
from quimbot.runtimes.endpoint import Endpoint
from quimbot.runtimes.runtime import Runtime, Sampling, reply

_CHATS = [
    [Message(role="user", content=said)]
    for said in (
        "I go to the store yesterday.",
        "She like music.",
        "Do you can help me with my homework?",
    )
]
_FIRST_WORDS = Sampling(max_tokens=8)


def refuse_mixing(runtimes: Iterable[Runtime]) -> None:
    """Ask every server that has several of these models, one by one and then at once.

    Arithmetic in another batch may turn a word or two, and a server that does not say the same
    twice proves nothing: a model is mixed up when most of its replies differ only in company.

    Raises:
        ModelError: a server answers as one model when another is asked.
        RuntimeFault: it does not answer at all.
    """
    servers: dict[str, dict[str, Endpoint]] = {}
    for runtime in runtimes:
        if isinstance(runtime, Endpoint):
            url, _, model = runtime.name.partition("#")
            servers.setdefault(url, {})[model] = runtime
    for url, models in servers.items():
        if len(models) > 1:
            asyncio.run(_check(url, models))


async def _check(url: str, models: dict[str, Endpoint]) -> None:
    alone = [await _said(runtime) for runtime in models.values()]
    together = await asyncio.gather(*(_said(runtime) for runtime in models.values()))
    for (model, runtime), before, among in zip(models.items(), alone, together, strict=True):
        if _differ(before, among) and not _differ(before, await _said(runtime)):
            raise ModelError(
                f"{url}: answers otherwise for {model!r} while its other models are asked, too; "
                "start vLLM with one --max-loras more than it has adapters"
            )


async def _said(runtime: Endpoint) -> list[str]:
    """The first words of a model in every chat, all asked at once."""
    replies = await asyncio.gather(*(reply(runtime, chat, _FIRST_WORDS) for chat in _CHATS))
    return [one.text for one in replies]


def _differ(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether most of the replies do."""
    return sum(a != b for a, b in zip(some, others, strict=True)) > len(_CHATS) // 2
