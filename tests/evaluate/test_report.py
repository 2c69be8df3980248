"""The page: verdict first, nothing from outside, nothing unescaped, and the run can be repeated."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scorecards import judged, make_run, write_perplexity, write_scores

from quimbot.evaluate.repeat import recipe, stamps
from quimbot.evaluate.report import ReportSettings, before_after, report
from quimbot.evaluate.wording import error_name
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.recipe import load_recipe
from quimbot.runs.watch import Silent


def _page(folder: Path, *, attack: bool = False) -> str:
    settings = make_run(folder, attack=attack)
    report(settings, Silent())
    return settings.output.read_text("utf-8")


def test_verdict_comes_first_and_gives_its_interval(tmp_path: Path) -> None:
    page = _page(tmp_path)
    heading = re.sub(r"<[^>]+>", "", page[page.index("<h1>") : page.index("</h1>")])
    assert heading.startswith("Stage1 step 20 answers 50% of 60 real learner turns")
    assert "the base model 2%" in heading
    assert "Higher than the base model (+48 points, 95% interval" in heading
    assert page.index("<h1>") < page.index("<table")


def test_every_section_is_there_and_linked(tmp_path: Path) -> None:
    page = _page(tmp_path)
    links = re.findall(r'href="#(\w+)"', page)
    assert links == ["replies", "scores", "curves", "errors", "best", "worst", "repeat"]
    assert all(f'id="{link}"' in page for link in links)
    assert page.count("<svg") == 3
    assert "0 of them hold a learner turn that is also in training" in page
    assert "wrong verb tense" in page


def test_page_needs_nothing_from_outside_and_runs_no_script(tmp_path: Path) -> None:
    page = _page(tmp_path, attack=True)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<img" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#|data:,)""", page)
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in re.sub(r"<[^>]+>", "", page)
    assert "&lt;b&gt;store&lt;/b&gt;" in page


def test_a_choice_that_was_not_scored_is_one_line(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    alone = write_scores(tmp_path / "alone", {"base": [judged("base", 1, passed=True)]})
    only = replace(settings, scores=(alone,))
    with pytest.raises(DataError, match="stage1/step-000020 is not among these scores"):
        report(only, Silent())
    assert not settings.output.exists()


def test_perplexities_of_several_goes_stand_in_one_table(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    more = write_perplexity(tmp_path / "more.json", {"es/step-000099": 0.75})
    report(replace(settings, perplexity=(*settings.perplexity, more)), Silent())
    page = settings.output.read_text("utf-8")
    assert "es/step-000099" in page
    assert "2.12" in page
    other = write_perplexity(tmp_path / "other.json", {"m": 1.0}, data="other.jsonl")
    with pytest.raises(DataError, match=r"other\.json: measured on other\.jsonl"):
        report(replace(settings, perplexity=(*settings.perplexity, other)), Silent())


def test_without_scores_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="scores is empty"):
        ReportSettings(scores=(), picked=tmp_path, output=tmp_path)


def test_before_and_after_come_from_the_widest_scores(tmp_path: Path) -> None:
    assert before_after(tmp_path) == []
    make_run(tmp_path)
    rows = before_after(tmp_path, 4)
    assert len(rows) == 4
    for learner, before, after in rows:
        assert learner.startswith("Yesterday I go")
        assert before
        assert after
    assert len(before_after(tmp_path, 100)) == 60


def test_steps_become_a_recipe_that_loads(tmp_path: Path) -> None:
    make_run(tmp_path)
    done = stamps(tmp_path)
    assert [stamp.step for stamp in done] == ["select"]
    path = tmp_path / "again.toml"
    path.write_text(recipe(done, tmp_path), "utf-8")
    loaded = load_recipe(str(path), ["select"])
    assert loaded.steps == ("select",)
    assert loaded.table("select")["max_red_pen"] == 0.02
    assert loaded.table("select")["scores"] == "{run}/scores/steps"
    assert recipe([], tmp_path) == ""


def test_kinds_of_error_have_names() -> None:
    assert error_name("M:DET") == "missing article or determiner"
    assert error_name("R:VERB:TENSE") == "wrong verb tense"
    assert error_name("X:NEW") == "X:NEW"
