"""What a campaign may cost, and what it has cost so far."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from quimbot.generate.ledger import Row
from quimbot.runtimes.runtime import Reply


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits of a campaign; a limit of 0 is none."""

    prompt_price: float = 0.0
    """Of a million prompt tokens."""
    reply_price: float = 0.0
    """Of a million reply tokens."""
    cost: float = 0.0
    """Most money, over all runs of the campaign."""
    minutes: float = 0.0
    """Longest time of this run."""

    @property
    def priced(self) -> bool:
        """Whether tokens cost money as far as we know."""
        return bool(self.prompt_price or self.reply_price)

    def price(self, prompt_tokens: int, reply_tokens: int) -> float:
        """What tokens cost."""
        return (prompt_tokens * self.prompt_price + reply_tokens * self.reply_price) / 1e6


@dataclass
class Spending:
    """Tokens and time of a campaign while it runs."""

    budget: Budget
    prompt_tokens: int = 0
    reply_tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, some: Iterable[Reply | Row]) -> None:
        """Count what these have cost."""
        for each in some:
            self.prompt_tokens += each.prompt_tokens
            self.reply_tokens += each.reply_tokens

    @property
    def cost(self) -> float:
        """Money spent."""
        return self.budget.price(self.prompt_tokens, self.reply_tokens)

    def over(self) -> str:
        """Which limit is reached, or nothing."""
        if self.budget.cost and self.cost >= self.budget.cost:
            return f"the budget of {self.budget.cost:g} is spent ({self.cost:.4g})"
        minutes = (time.monotonic() - self.began) / 60
        if self.budget.minutes and minutes >= self.budget.minutes:
            return f"the {self.budget.minutes:g} minutes are over"
        return ""

    def told(self) -> str:
        """Tokens and money, or nothing when none were counted."""
        if not self.prompt_tokens + self.reply_tokens:
            return ""
        money = f", {self.cost:.4g} at the prices given" if self.budget.priced else ""
        return f"{self.prompt_tokens:,} prompt and {self.reply_tokens:,} reply tokens{money}"
