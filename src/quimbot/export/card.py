"""The model card of an exported tutor: where it comes from, and how good it was found to be."""

from pathlib import Path
from typing import Any

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.manifest import Manifest, manifest_path
from quimbot.runs.checkpoints import adapter_hash
from quimbot.runs.scorecard import SCORES, Rate, Score, Scorecard, read_scorecard
from quimbot.runs.stamp import read_stamp
from quimbot.runtimes.adapter import Adapter

_WHAT = (
    "A learner writes *Yesterday I go to the store.* This tutor does not mark the sentence wrong: "
    "it says the right form back inside a natural reply, and asks on."
)
_LIMITS = (
    "Replies may miss an error, or correct what was right. The tutor was made for short English "
    "turns. It does not notice a learner in danger: do not leave it alone with learners."
)

_SCORE_HEAD = (
    "| | move | verified | recast | red-pen language | asks a question |",
    "|---|---|---|---|---|---|",
)


def card(adapter: Adapter, base: str, licence: str, usage: str) -> str:
    """The card as Markdown, from what the run that made the adapter left behind.

    What the run did not leave (an adapter from elsewhere has no run) is said to be unknown.
    """
    training = _training(adapter.folder)
    data = _data(training)
    scored = _scorecard(adapter.folder)
    head = {
        "license": licence,
        "base_model": base,
        "language": ["en"],
        "pipeline_tag": "text-generation",
        "tags": ["language-learning", "recast", "tutor", "lora"],
    }
    front = "\n".join(
        f"{key}: {msgspec.json.encode(value).decode()}" for key, value in head.items()
    )
    parts = [
        f"---\n{front}\n---",
        "# An English tutor that recasts",
        _WHAT,
        f"## Use\n\n{usage}",
        f"## Training\n\n{_table(_training_rows(adapter, base, training))}",
        f"## Data\n\n{_data_text(data)}",
        f"## Scores\n\n{_scores_text(scored, adapter.folder)}",
        f"## Limits\n\n{_LIMITS}",
    ]
    return "\n\n".join(parts) + "\n"


def _training(checkpoint: Path) -> dict[str, Any]:
    """The settings of the training run that wrote a checkpoint, if it says so."""
    stamp = read_stamp(checkpoint.resolve().parent)
    return stamp.settings if stamp else {}


def _data(training: dict[str, Any]) -> Manifest | None:
    if "data" not in training:
        return None
    try:
        raw = manifest_path(Path(training["data"])).read_bytes()
        return msgspec.json.decode(raw, type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return None


def _scorecard(checkpoint: Path) -> Scorecard | None:
    """The largest evaluation, in the run around a checkpoint, that this adapter took part in."""
    run, adapter = checkpoint.resolve().parent.parent, adapter_hash(checkpoint)
    found = []
    for path in sorted(run.glob(f"*/{SCORES}")):
        try:
            scorecard = read_scorecard(path.parent)
        except DataError:  # of another version: the card goes without
            continue
        if any(score.adapter == adapter for score in scorecard.scores):
            found.append(scorecard)
    return max(found, key=lambda scorecard: scorecard.turns, default=None)


def _table(rows: dict[str, str]) -> str:
    return "\n".join(
        ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows.items())]
    )


def _training_rows(adapter: Adapter, base: str, training: dict[str, Any]) -> dict[str, str]:
    kind = "DoRA" if adapter.dora else "LoRA"
    known = ("learning_rate", "batch_size", "epochs", "steps", "seed", "start")
    return {
        "Base model": base,
        "Adapter": f"{kind}, rank {adapter.rank}, scaling {adapter.scaling:g}",
        "Adapter SHA-256": adapter_hash(adapter.folder) or "unknown",
    } | {
        key.replace("_", " ").capitalize(): str(training[key]) for key in known if training.get(key)
    }


def _data_text(data: Manifest | None) -> str:
    if data is None:
        return "Unknown: the training run left no manifest beside this adapter."
    rows = {
        "Dialogues": f"{data.rows:,}",
        "Sources": _counts(data.sources),
        "Licences": _counts(data.licences),
        "Authors": _counts(data.authors),
        "Moves": _counts(data.moves),
        "SHA-256": data.sha256,
    }
    return _table({key: value for key, value in rows.items() if value})


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'unnamed'} ({count:,})" for name, count in counts.items())


def _scores_text(scorecard: Scorecard | None, checkpoint: Path) -> str:
    if scorecard is None:
        return "None yet: `quimbot score` has not been run on this adapter."
    own = adapter_hash(checkpoint)
    how = (
        f"{scorecard.turns} of {scorecard.of} learner turns of `{scorecard.suite}`, replies of at "
        f"most {scorecard.max_tokens} tokens at temperature {scorecard.temperature:g}, each "
        "checked by rule; in brackets the 95 % interval."
    )
    rows = [
        _score_row(score, "this tutor" if score.adapter else "base model")
        for score in scorecard.scores
        if score.adapter in {own, ""}
    ]
    return "\n".join([how, "", *_SCORE_HEAD, *rows])


def _score_row(score: Score, name: str) -> str:
    rates = (score.verified, score.recast, score.red_pen, score.question)
    return f"| {name} | {score.measure} | {' | '.join(_rate(rate) for rate in rates)} |"


def _rate(rate: Rate) -> str:
    return f"{rate.value:.0%} ({rate.low:.0%} to {rate.high:.0%})"
