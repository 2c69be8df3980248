"""Talks that another program shows: Open WebUI's, whose users are learners here."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from itertools import pairwise

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Sampling
from quimbot.serve.replies import untold
from quimbot.serve.spending import Spend, estimate
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Outcome, Tutoring
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import ApiError

_TALK = "x-openwebui-chat-id"
_LONGEST = 200
"""Characters of a talk's id; Open WebUI's have 36."""
_UNKEPT = ("temporary:", "local:", "channel:")
"""How the id of a talk begins that is not to be kept, or is one of several people."""


class Outside:
    """Learners' turns that come through another program."""

    def __init__(self, store: Store, tutoring: Tutoring) -> None:
        self._store = store
        self._tutoring = tutoring

    async def answer(
        self,
        request: Request,
        person: Person,
        tutor: Tutor,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        spend: Spend,
    ) -> AsyncGenerator[Delta, None] | None:
        """The reply to a learner's new turn as the policy chose it; None where it is not one.

        It is none outside a talk, in one that is not to be kept, and where a reply is asked for
        once more: the learner has not spoken again.

        Raises:
            ApiError: the talk's id is too long, or probabilities are asked for: a turn has none.
        """
        talk = request.headers.get(_TALK, "")
        if not talk or talk.startswith(_UNKEPT) or messages[-1].role != "user":
            return None
        if sampling.likeliest is not None:
            raise untold(tutor)
        if len(talk) > _LONGEST:
            raise ApiError(400, "invalid_value", f"{_TALK} has more than {_LONGEST} characters")
        begin = partial(self._store.conversations.begin, outside_id=f"open-webui:{talk}")
        place = person.id, (await run_in_threadpool(begin, person.id, tutor.name)).id
        turns = await run_in_threadpool(self._store.conversations.turns, *place)
        answered = [one.text for one, next_ in pairwise(turns) if one.role == "user" and next_.text]
        said = [message.content for message in messages if message.role == "user"]
        if answered and answered[-1] == said[-1] and len(said) <= len(answered):
            return None
        asked = person, place[1], tutor, said[-1], sampling
        return _pieces(self._tutoring.answer(*asked, spend=spend), said[-1])


async def _pieces(
    words: AsyncGenerator[str | Outcome, None], said: str
) -> AsyncGenerator[Delta, None]:
    """A tutored reply as a model's.

    Its tokens are estimated: a tutor may ask the model twice, so what was spent says little of it.
    """
    size = 0
    async with aclosing(words):
        async for one in words:
            if isinstance(one, str):
                size += len(one)
                yield Delta(text=one)
            elif one.state == "failed":
                raise ApiError(502, "model_failed", "the model broke off")
            else:
                yield Delta(
                    finish="stop",
                    prompt_tokens=estimate(len(said)),
                    reply_tokens=estimate(size),
                )
