"""The shape of an adapter, in the words of peft."""

from dataclasses import dataclass

from quimbot.exceptions import RecipeError

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Low-rank matrices A and B beside frozen ones: W + scaling·B·A."""

    rank: int = 16
    alpha: int = 32
    """The scaling is alpha / rank, or alpha / √rank for rsLoRA."""
    dropout: float = 0.0
    """Share of A's inputs that are left out by chance while it is trained."""
    target_modules: tuple[str, ...] = MODULES
    use_rslora: bool = False
    """Kalajdzievski, 2023, https://arxiv.org/abs/2312.03732."""
    use_dora: bool = False
    """Lengths of the weights are learnt apart: Liu et al., 2024, https://arxiv.org/abs/2402.09353."""

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("rank", "alpha"):
            if (value := getattr(self, name)) < 1:
                raise RecipeError(f"{name} is {value}; it must be at least 1")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"dropout is {self.dropout}; it is a share from 0 to below 1")
        unknown = sorted(set(self.target_modules) - set(MODULES))
        if unknown or not self.target_modules:
            raise RecipeError(
                f"target_modules names {', '.join(unknown) or 'nothing'}; "
                f"allowed: {', '.join(MODULES)}"
            )

    @property
    def plain(self) -> bool:
        """Whether the adapter is W + scaling·B·A and nothing else, while it is trained, too."""
        return not (self.dropout or self.use_dora)
