"""The page: verdict first, nothing from outside, nothing unescaped, and the run can be repeated."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from scorecards import as_check, judged, make_run, with_suites, write_perplexity, write_scores

from quimbot.evaluate.repeat import recipe, stamps
from quimbot.evaluate.report import ReportSettings, before_after, report
from quimbot.evaluate.wording import error_name
from quimbot.exceptions import DataError, RecipeError
from quimbot.pipeline import perform
from quimbot.records.jsonl import write_json
from quimbot.runs.recipe import load_recipe
from quimbot.runs.scorecard import read_perplexities, read_picked
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
    links = re.findall(r'href="#([\w-]+)"', page)
    sections = ["scores", "replies", "curves", "errors", "flips", "best", "worst", "repeat"]
    assert [link for link in links if link in sections] == sections
    assert all(f'id="{link}"' in page for link in links)
    assert page.count("<svg") == 4
    assert "None had to be left out: no family of learner turns is also in training" in page
    assert "wrong verb tense" in page


def test_all_suites_stand_side_by_side_and_each_has_its_table(tmp_path: Path) -> None:
    settings = with_suites(tmp_path)
    assert report(settings, Silent()).startswith("Stage1 step 20 answers 50% of 60")
    page = settings.output.read_text("utf-8")
    matrix = page[page.index('class="matrix"') : page.index("</table>")]
    heads = re.findall(r'<a href="#table-(\d)">(\w+)</a><small>(.*?)</small>', matrix)
    assert heads == [
        ("1", "Recast", "scaffolding, 60 turns"),
        ("2", "Recast", "scaffolding, 40 turns"),
        ("3", "Kind", "20 turns"),
        ("4", "Facts", "3 turns"),
    ]
    assert all(page.count(f'id="table-{number}"') == 1 for number, _, _ in heads)
    (picked,) = re.findall(r'<tr class="picked">(.*?)</tr>', matrix, re.DOTALL)
    marks = re.findall(r'<td class="(\w*) (\w*)"', picked)
    assert marks == [("best", ""), ("best", ""), ("best", ""), ("", "few")]
    assert "n&#8239;=&#8239;3" in picked
    (variant,) = [row for row in matrix.split("<tr ") if "es step 5" in row]
    assert variant.count('class="none"') == 3


def test_first_languages_are_told_apart_and_the_small_are_counted(tmp_path: Path) -> None:
    settings = with_suites(tmp_path)
    report(settings, Silent())
    page = settings.output.read_text("utf-8")
    assert "By first language" in page[page.index('id="table-3"') : page.index('id="replies"')]
    assert "All 2 in a table, 1 with fewer than 10 turns" in page
    assert re.search(
        r'<tr class="few"><th scope="row">Spanish <code>es</code></th><td>9</td>', page
    )


def test_any_two_models_can_be_chosen_and_both_replies_are_there(tmp_path: Path) -> None:
    page = _page(tmp_path)
    part = page[page.index('id="flips"') : page.index('id="best"')]
    assert re.findall(r'<option value="(\d)"( selected)?>([^<]+)</option>', part)[:4] == [
        ("0", " selected", "base"),
        ("1", "", "stage1 step 20"),
        ("2", "", "es step 5"),
        ("3", "", "stage1 step 10"),
    ]
    assert re.findall(r'<option value="(\d)" selected>', part) == ["0", "1"]
    (forth,) = re.findall(r'class="matchup m0-1">.*?</div>', part, re.DOTALL)
    (back,) = re.findall(r'class="matchup m1-0">.*?</div>', part, re.DOTALL)
    assert ("gained: 29" in forth, "lost: 0" in forth) == (True, True)
    assert ("gained: 0" in back, "lost: 29" in back) == (True, True)
    assert part.count('class="matchup') == 12
    assert "<p>They answered no turn in common.</p>" in part
    first = part[part.index('<article class="pair turn') : part.index("</article>")]
    assert re.findall(r'class="(passed|fault)"', first)[:2] == ["fault", "passed"]
    assert '<mark class="recast">' in first


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    report(settings, Silent())
    before = [path.read_bytes() for path in settings.outputs()]
    report(settings, Silent())
    assert [path.read_bytes() for path in settings.outputs()] == before


def test_a_lost_number_file_makes_the_step_run_again(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    assert perform("report", settings, report, Silent(), replace=False).status == "done"
    assert perform("report", settings, report, Silent(), replace=False).status == "skipped"
    (tmp_path / "report.csv").unlink()
    assert perform("report", settings, report, Silent(), replace=True).status == "done"
    assert (tmp_path / "report.csv").is_file()


def test_a_run_without_perplexity_or_metrics_has_a_report(tmp_path: Path) -> None:
    bare = replace(make_run(tmp_path), perplexity=(), metrics=())
    report(bare, Silent())
    page = bare.output.read_text("utf-8")
    assert "Held-out perplexity by source" not in page
    assert "Behaviour over the steps" in page
    assert "perplexity" not in page[page.index("<table") : page.index("What the columns count")]


def test_a_choice_by_another_measure_is_judged_by_it(tmp_path: Path) -> None:
    settings = with_suites(tmp_path)
    picked = structs.replace(read_picked(settings.picked), measure="tone")
    write_json(settings.picked, picked)
    said = report(settings, Silent())
    assert said.startswith("Stage1 step 20 answers 95% of 20 turns of kind with tone verified")


def test_scores_without_what_was_picked_by_are_one_line(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    rows = {"base": [as_check(judged("base", 1, passed=True), "tone")]}
    alone = write_scores(tmp_path / "alone", rows)
    with pytest.raises(DataError, match="nobody's recast is among these scores"):
        report(replace(settings, scores=(alone,)), Silent())


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
    with pytest.raises(DataError, match=r"other\.json: measured on other dialogues of"):
        report(replace(settings, perplexity=(*settings.perplexity, other)), Silent())


def test_what_leaked_is_told(tmp_path: Path) -> None:
    settings = make_run(tmp_path)
    (path,) = settings.perplexity
    measured = structs.replace(read_perplexities(path), leaked=25, leaked_share=0.2)
    write_json(path, measured)
    report(settings, Silent())
    page = settings.output.read_text("utf-8")
    assert "On 100 held-out dialogues" in page
    assert "25 more (20.0% of the data) are left out: their families of learner turns" in page


def test_without_scores_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="scores is empty"):
        ReportSettings(scores=(), picked=tmp_path, output=tmp_path / "report.html")


def test_a_page_that_its_numbers_would_replace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"report\.json; it must end in \.html"):
        ReportSettings(scores=(tmp_path,), picked=tmp_path, output=tmp_path / "report.json")


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
