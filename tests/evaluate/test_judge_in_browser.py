"""The page of a second opinion: it says first that nobody has checked the judge, to anybody."""

from pathlib import Path
from typing import Literal

import pytest
from labelled import save_labels
from playwright.sync_api import Browser
from scorecards import attacking, judged
from static_page import looked_at

from quimbot.evaluate.criteria import Criterion
from quimbot.evaluate.judgement import Opinion, Opinions, judgement
from quimbot.evaluate.labels import read_labels
from quimbot.evaluate.second_opinion import differences, render


@pytest.mark.parametrize(
    ("width", "scheme", "labelled"),
    [(1280, "light", True), (1280, "dark", False), (375, "light", False), (375, "dark", True)],
)
def test_page_is_accessible_quiet_and_fits(
    tmp_path: Path, browser: Browser, width: int, scheme: Literal["dark", "light"], labelled: bool
) -> None:
    rows = [judged("tutor", n, passed=n % 3 == 0, red_pen=n % 3 > 0) for n in range(60)]
    rows[0] = attacking(rows[0])
    contrary: Opinions = {
        (row.record.id, "recast"): Opinion(
            reply=row.record.id,
            criterion="recast",
            finding="no" if row.recast else "yes",
            said=("", ""),
        )
        for row in rows
    }
    people: dict[str, dict[Criterion, bool]] = {
        row.record.id: {"recast": row.recast} for row in rows
    }
    saved = save_labels(tmp_path / "ana.jsonl", "Ana", people)
    labels = read_labels((saved,), people) if labelled else []
    result = judgement(
        rows, contrary, labels, criteria=("recast",), judge="https://host/v1#big", scores=tmp_path
    )
    file = tmp_path / "judge.html"
    file.write_text(render(result, differences(rows, contrary, labels)), "utf-8")
    with looked_at(file, browser, width, scheme) as page:
        head, lead = page.locator("h1").inner_text(), page.locator(".lead").inner_text()
        red = page.locator("header .fault").evaluate("one => getComputedStyle(one).color")
        assert page.locator("article").count() == 8
        answers = page.locator(".answers").first.inner_text().split()
    assert red == {"light": "rgb(156, 52, 23)", "dark": "rgb(243, 155, 128)"}[scheme]
    if labelled:
        assert head == "This judge has been compared with people."
        assert lead.endswith("on recast no more agreement than chance is shown.")
        assert answers == ["no", "judge", "yes", "verifier", "yes", "people"]
    else:
        assert head.startswith("Uncalibrated: ")
        assert lead.endswith("uncalibrated: 50 more human labels of these replies are needed.")
        assert answers == ["no", "judge", "yes", "verifier"]
