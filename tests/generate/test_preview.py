"""`--dry-run` shows a campaign without a call and without a file."""

from pathlib import Path

import pytest

from quimbot.commands import command
from quimbot.exceptions import RecipeError
from quimbot.generate.campaign import GenerateSettings, generate
from quimbot.pipeline import perform
from quimbot.runs.watch import Silent

NOWHERE = "http://127.0.0.1:9/v1"  # asking it would fail


def settings(tmp_path: Path, **given: object) -> GenerateSettings:
    base: dict[str, object] = {
        "output": tmp_path / "out.jsonl",
        "dialogues": 80,
        "injected": 0.0,
        "teacher": (NOWHERE,),
        "dry_run": True,
    }
    return GenerateSettings(**(base | given))  # type: ignore[arg-type] # the tests' own names


def test_plan_coverage_prompts_and_cost_are_shown(tmp_path: Path) -> None:
    shown = generate(
        settings(tmp_path, teacher=(f"{NOWHERE} prompt_price=1 reply_price=4",)), Silent()
    )
    lines = shown.splitlines()
    assert f"80 dialogues by {NOWHERE}" in lines[0]
    total = next(line.split() for line in lines if line.startswith("dialogues "))
    assert sum(int(count) for count in total[1:-1] if count != "-") == int(total[-1]) == 80
    assert shown.count("  system  You are a friendly English tutor.") == 3
    assert "Correctly, the learner's turn is: " in shown
    cost = next(line.split() for line in lines if line.startswith("cost:"))
    assert float(cost[3]) == pytest.approx(3 * float(cost[1]), abs=0.02)
    assert list(tmp_path.iterdir()) == []


def test_the_plan_shown_is_the_plan_done(tmp_path: Path) -> None:
    offline = {"teacher": ("rules",), "dialogues": 20}
    shown = generate(settings(tmp_path, **offline), Silent())
    generate(settings(tmp_path, **offline, dry_run=False), Silent())
    manifest = (tmp_path / "out.manifest.json").read_text(encoding="utf-8")
    assert f'"plan": "{shown.split()[1].rstrip(":")}"' in manifest
    assert "cost: none" in shown


def test_looking_again_is_not_doing(tmp_path: Path) -> None:
    _, work = command("generate")
    for _ in range(2):
        outcome = perform("generate", settings(tmp_path), work, Silent(), replace=False)
        assert outcome.status == "done"
    assert list(tmp_path.iterdir()) == []


def test_unknown_prices_are_said_and_wrong_ones_refused(tmp_path: Path) -> None:
    assert "cost: unknown for http" in generate(settings(tmp_path), Silent())
    with pytest.raises(RecipeError, match="at least 0"):
        settings(tmp_path, teacher=(f"{NOWHERE} prompt_price=-1",))
