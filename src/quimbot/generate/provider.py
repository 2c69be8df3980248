"""One address that replies are had from: what it may be asked for, and how it is doing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from quimbot.exceptions import Busy, OutOfCredit, RecipeError, RuntimeFault, Unusable
from quimbot.generate.options import options
from quimbot.generate.teacher import Answer, Brief, Cell
from quimbot.generate.throttle import Throttle
from quimbot.runtimes.endpoint import KEY_VARIABLE, TIMEOUT_S
from quimbot.runtimes.runtime import Reply, Runtime, reply

_FAULTS_IN_A_ROW = 8
"""Faults without an answer between them after which a provider is left alone."""
_PAUSE_S = 2.0  # and doubled each time it still does not answer, up to
_LONGEST_PAUSE_S = 300.0
_CREDIT_PAUSE_S = 600.0  # until an account is tried again
_LONG_WAIT_S = 60.0
"""A wait asked for that is longer sends the queue to the next provider."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a provider may be asked for, and at what price; 0 is no limit."""

    at_once: int = 16
    """Most answers under way."""
    per_minute: float = 0.0
    """Most requests a minute."""
    timeout: float = TIMEOUT_S
    """Seconds of silence after which an answer is given up."""
    prompt_price: float = 0.0
    """Of a million prompt tokens."""
    reply_price: float = 0.0
    """Of a million reply tokens."""
    max_cost: float = 0.0
    """Most money in one run, after which the next provider is asked."""
    models: str = ""
    """Models that may answer besides the one asked for, with commas between them."""
    key: str = KEY_VARIABLE
    """Environment variable with the key."""

    def __post_init__(self) -> None:
        """Check the values."""
        least = {"at_once": 1, "timeout": 1}
        for name in ("at_once", "timeout", "per_minute", "prompt_price", "reply_price", "max_cost"):
            if (value := getattr(self, name)) < least.get(name, 0):
                raise RecipeError(f"{name} {value} must be at least {least.get(name, 0)}")

    @property
    def priced(self) -> bool:
        """Whether tokens cost money as far as we know."""
        return bool(self.prompt_price or self.reply_price)

    def price(self, prompt_tokens: int, reply_tokens: int) -> float:
        """What tokens cost."""
        return (prompt_tokens * self.prompt_price + reply_tokens * self.reply_price) / 1e6


def read_terms(text: str) -> tuple[str, Terms]:
    """Address and terms, from `http://localhost:11434/v1#llama3 at_once=8`.

    Raises:
        RecipeError: an option is unknown or wrong.
    """
    return options(text, Terms, "teacher")


class Provider:
    """A runtime that is asked for replies, left alone when it asks for that or fails."""

    def __init__(self, runtime: Runtime, terms: Terms) -> None:
        self.runtime = runtime
        self.terms = terms
        self.throttle = Throttle(terms.at_once)
        self.closed: RuntimeFault | None = None
        """Why it is asked no more."""
        self.parked = False
        """Left alone; when its rest is over, one cell is asked to see how it is."""
        self.broke: OutOfCredit | None = None
        """What its account said last."""
        self.has_answered = False
        self.under_way = 0
        self.rests_until = 0.0
        """On the clock of `time.monotonic`."""
        self._cost = 0.0
        self._in_a_row = 0
        self._troubled_at = float("-inf")
        self._pause_s = _PAUSE_S

    def rests(self, now: float) -> bool:
        """Whether it is not to be asked before `rests_until`."""
        return now < self.rests_until

    def ready(self, now: float) -> bool:
        """Whether one more answer may be asked for."""
        most = 1 if self.parked else self.throttle.limit
        return not self.rests(now) and self.under_way < most

    async def answer(self, cell: Cell, brief: Brief, refused: Sequence[str]) -> Answer:
        """A reply to a cell; how it went decides when the next may be asked for."""
        asked_at = time.monotonic()
        if self.terms.per_minute:
            self.rests_until = asked_at + 60.0 / self.terms.per_minute
        self.under_way += 1
        try:
            messages, sampling = brief.messages(cell, refused), brief.sampling(cell, refused)
            said = await reply(self.runtime, messages, sampling)
            answer = self._signed(said)
        except RuntimeFault as fault:
            self._failed(fault, asked_at)
            raise
        finally:
            self.under_way -= 1
        self._answered(answer.cost, asked_at)
        return answer

    def _signed(self, said: Reply) -> Answer:
        """The reply with who gave it and what it cost.

        Raises:
            Unusable: another model than those allowed has answered.
        """
        server, _, asked = self.runtime.name.partition("#")
        model = said.model or asked
        allowed = (asked, *filter(None, self.terms.models.split(",")))
        # a server may add a version to the name: llama3 -> llama3:latest, gpt-4o -> gpt-4o-2024-08
        if not any(model == each or model.startswith((f"{each}:", f"{each}-")) for each in allowed):
            raise Unusable(
                f"{self.runtime.name}: {model!r} answered, which was not asked for; "
                f"allow it with models={model}",
                kind="other-model",
            )
        priced = self.terms.price(said.prompt_tokens, said.reply_tokens)
        return Answer(
            text=said.text.strip(),
            author=f"{server}#{model}" if model else server,
            provider=said.provider,
            prompt_tokens=said.prompt_tokens,
            reply_tokens=said.reply_tokens,
            cost=priced if said.cost is None else said.cost,
        )

    def _answered(self, cost: float, asked_at: float) -> None:
        self.has_answered = True
        self._in_a_row = 0
        self._cost += cost
        self.throttle.answered(time.monotonic() - asked_at)
        if asked_at > self._troubled_at:  # one asked before says nothing of how it is since
            self.parked, self.broke = False, None
            self._pause_s = _PAUSE_S
        if self.terms.max_cost and self._cost >= self.terms.max_cost:
            told = f"{self.runtime.name}: its max_cost of {self.terms.max_cost:g} is spent"
            self.closed = OutOfCredit(told, kind="max-cost")

    def _failed(self, fault: RuntimeFault, asked_at: float) -> None:
        now = time.monotonic()
        match fault:
            case OutOfCredit():
                self.broke = fault
                self._park(now, _CREDIT_PAUSE_S)
            case Unusable():
                self.closed = fault
            case Busy():
                self._troubled_at = now
                self.throttle.busy(asked_at, now)
                wait_s = self._longer() if fault.wait_s is None else fault.wait_s
                self.rests_until = max(self.rests_until, now + wait_s)
                self.parked = self.parked or wait_s > _LONG_WAIT_S
            case _:
                self._in_a_row += 1
                if self._in_a_row >= _FAULTS_IN_A_ROW or (self.parked and not self.rests(now)):
                    self._park(now, self._longer())

    def _park(self, now: float, seconds: float) -> None:
        self.parked = True
        self._troubled_at = now
        self._in_a_row = 0
        self.rests_until = max(self.rests_until, now + seconds)

    def _longer(self) -> float:
        """The next pause, twice as long as the last."""
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return pause_s
