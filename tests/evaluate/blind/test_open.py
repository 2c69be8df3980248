"""What a review found, in words that the interval bears."""

from pathlib import Path

import msgspec
import pytest
from reviews import ADDRESSES, make_key, save

from quimbot.evaluate.blind.open import BlindOpenSettings, Opened, open_
from quimbot.evaluate.blind.sheet import BAD, TIE, Key, Kind
from quimbot.exceptions import RecipeError
from quimbot.records.jsonl import write_json
from quimbot.runs.watch import Silent

A, B, C = ADDRESSES


def opened(folder: Path, key: Key, *paths: Path) -> tuple[str, Opened, str]:
    """The summary, the numbers and the page."""
    write_json(folder / "key.json", key)
    settings = BlindOpenSettings(
        exports=paths, key=folder / "key.json", output=folder / "result.html"
    )
    said = open_(settings, Silent())
    numbers = msgspec.json.decode((folder / "result.json").read_bytes(), type=Opened)
    return said, numbers, settings.output.read_text()


def test_better_is_said_only_when_the_interval_leaves_out_one_half(tmp_path: Path) -> None:
    key = make_key(24, of=60)
    said, numbers, page = opened(tmp_path, key, save(tmp_path / "a.jsonl", key, "Ana", lambda _: B))
    assert said.startswith(
        "People found beta-model better than step 10. "
        "Against step 10, beta-model won 100% of 24 learner turns, ties half (95% interval "
    )
    assert "<h1>People found beta-model better than step 10.</h1>" in page
    assert numbers.preferences[0].shown
    assert numbers.agree == "One rater: agreement takes two."
    said, _, _ = opened(tmp_path, key, save(tmp_path / "b.jsonl", key, "Ben", lambda _: TIE))
    assert said.startswith(
        "No preference shown between step 10 and beta-model. Against beta-model,"
    )
    assert "better" not in said
    assert "so few turns show only a win rate of " in said
    said, numbers, _ = opened(tmp_path, key, save(tmp_path / "c.jsonl", key, "Cy", lambda _: BAD))
    assert "Nobody preferred step 10 or beta-model." in said
    assert numbers.bad == numbers.judgements == 24


def test_raters_who_differ_are_shown_with_texts_and_notes(tmp_path: Path) -> None:
    key = msgspec.structs.replace(make_key(sides=3), raters=("Ana", "Ben", "Cy"))
    ana = save(tmp_path / "a.jsonl", key, "Ana", lambda _: A, note="<b>warm</b>", why=["tone"])
    ben = save(tmp_path / "b.jsonl", key, "Ben", lambda p: A if p.kind is Kind.COUNTS else TIE)
    _, numbers, page = opened(tmp_path, key, ana, ben)
    assert "Where raters disagree" not in page
    assert "&lt;b&gt;warm&lt;/b&gt;" in page
    assert "Not in yet: Cy." in page
    assert numbers.agree.endswith("how much of that is chance cannot be told.")
    ben = save(tmp_path / "b.jsonl", key, "Ben", lambda p: p.replies[0].address)
    _, numbers, page = opened(tmp_path, key, ana, ben)
    divided = [one for one in numbers.disputes if not one.agreed]
    assert divided
    part = page.partition("Where raters disagree")[2].partition("Other notes")[0]
    assert part.count("<article") == len(divided)
    assert "with so few turns that is a rough figure" in numbers.agree


@pytest.mark.parametrize("output", ["k.html", "a.jsonl", "o.json"])
def test_a_result_never_takes_the_place_of_what_it_is_made_from(output: str) -> None:
    with pytest.raises(RecipeError, match="files of their own"):
        BlindOpenSettings(exports=(Path("a.jsonl"),), key=Path("k.json"), output=Path(output))


def test_a_result_that_no_browser_opens_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"output is result; it must end in \.html"):
        BlindOpenSettings(exports=(Path("a.jsonl"),), key=Path("k.json"), output=Path("result"))


def test_a_file_named_twice_is_told() -> None:
    with pytest.raises(RecipeError, match=r"a\.jsonl is named twice; name the key"):
        BlindOpenSettings(
            exports=(Path("a.jsonl"), Path("a.jsonl")), key=Path("k.json"), output=Path("o.html")
        )


def test_nothing_to_open_is_refused() -> None:
    with pytest.raises(RecipeError, match="exports is empty"):
        BlindOpenSettings(exports=(), key=Path("k.json"), output=Path("o.html"))
