"""What a campaign may cost, and what it has cost so far."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits of a campaign; none where nothing is given."""

    cost: float | None = None
    """Most money, over all runs of the campaign."""
    tokens: int | None = None
    """Most tokens of prompts and replies, over all runs of the campaign."""
    minutes: float | None = None
    """Longest time of this run."""


@dataclass
class Spending:
    """Tokens, money and time of a campaign while it runs."""

    budget: Budget
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def add(self, prompt_tokens: int, reply_tokens: int, cost: float) -> None:
        """Count what was paid for."""
        self.prompt_tokens += prompt_tokens
        self.reply_tokens += reply_tokens
        self.cost += cost

    def over(self) -> str:
        """Which limit is reached, or nothing."""
        budget, tokens = self.budget, self.prompt_tokens + self.reply_tokens
        if budget.cost is not None and self.cost >= budget.cost:
            return f"the budget of {budget.cost:g} is spent ({self.cost:.4g})"
        if budget.tokens is not None and tokens >= budget.tokens:
            return f"the budget of {budget.tokens:,} tokens is spent ({tokens:,})"
        minutes = (time.monotonic() - self.began) / 60
        if budget.minutes is not None and minutes >= budget.minutes:
            return f"the {budget.minutes:g} minutes are over"
        return ""

    def told(self) -> str:
        """Tokens and money, or nothing when none were counted."""
        if not self.prompt_tokens + self.reply_tokens:
            return ""
        money = f", {self.cost:.4g} spent" if self.cost else ""
        return f"{self.prompt_tokens:,} prompt and {self.reply_tokens:,} reply tokens{money}"
