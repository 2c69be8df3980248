"""What raters saved is taken as it came or refused in one line; nothing is lost on the way."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reviews import make_key, save, written

from quimbot.evaluate.blind.given import read_all
from quimbot.evaluate.blind.sheet import TIE
from quimbot.exceptions import DataError

KEY = make_key()


def row(**changes: object) -> dict[str, object]:
    pair = KEY.pairs[0]
    given: dict[str, object] = {
        "sheet": KEY.sheet,
        "rater": "Ana",
        "place": 1,
        "pair": pair.id,
        "shown": [reply.id for reply in pair.replies],
        "choice": TIE,
        "why": [],
        "note": "",
        "seconds": 3,
    }
    return given | changes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no answers"),
        ("hello\n", ":1: is no line that a review page saved"),
        (written(row()).replace("tie", "bad"), ":1: it or a line before it was changed"),
        (written(row()) + written(row(rater="Ben")), ":2: here another file begins"),
        (written(row()) + "\n" + written(row()), ":3: here another file begins"),
        (written(row(), row()), ":2: pair"),
        (written(row(sheet="other")), ":1: answers page 'other', but the key is of page '5ee7'"),
        (written(row(pair="gone")), ":1: unknown pair 'gone'"),
        (written(row(choice="gone")), ":1: unknown choice 'gone'; allowed: "),
        (written(row(shown=["gone"])), ":1: shows other replies"),
        (written(row(why=["mood"])), ":1: Invalid enum value 'mood'"),
        (written(row(extra=1)), ":1: Object contains unknown field `extra`"),
    ],
)
def test_a_file_that_no_rater_saved_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "Ana.jsonl"
    path.write_text(text)
    with pytest.raises(DataError) as fault:
        read_all([path], KEY)
    assert str(fault.value).startswith(f"{path}{said if said[0] == ':' else ': ' + said}")
    assert "\n" not in str(fault.value)


def test_one_rater_may_not_come_twice(tmp_path: Path) -> None:
    half = {pair.id for pair in KEY.pairs[:8]}
    whole = save(tmp_path / "a.jsonl", KEY, "Ana", lambda _: TIE)
    same = save(tmp_path / "b.jsonl", KEY, "Ana", lambda _: TIE)
    other = save(tmp_path / "c.jsonl", KEY, "ana", lambda pair: TIE if pair.id in half else "bad")
    first = save(tmp_path / "d.jsonl", KEY, "Ana", lambda pair: TIE if pair.id in half else "")
    rest = save(tmp_path / "e.jsonl", KEY, "Ana", lambda pair: "" if pair.id in half else TIE)
    n = len(KEY.pairs)
    for paths, said in (
        ((whole, same), f"say the same, {same} about {n} pairs; name it alone"),
        ((first, whole), f"say the same, {whole} about {n} pairs; name it alone"),
        ((whole, first), f"say the same, {whole} about {n} pairs; name it alone"),
        ((whole, other), f"differ on {n - 8} pairs; name the one that holds, or ask who it was"),
        ((first, rest), "are about different pairs; if that is one person, let them choose one"),
    ):
        with pytest.raises(DataError) as fault:
            read_all(paths, KEY)
        assert str(fault.value).startswith(f"{paths[0]} and {paths[1]}: both are by ")
        assert said in str(fault.value)


def test_a_line_that_was_taken_away_or_moved_is_noticed(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", KEY, "Ana", lambda _: TIE)
    lines = path.read_text().splitlines(keepends=True)
    for edited in (lines[:3] + lines[4:], [*lines[:3], lines[4], lines[3], *lines[5:]], lines[1:]):
        path.write_text("".join(edited))
        with pytest.raises(DataError, match=r"a\.jsonl:[14]: it or a line before it was changed"):
            read_all([path], KEY)


def test_mail_and_editors_may_change_line_ends(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jsonl", KEY, "Ana María", lambda _: TIE, note="“naïve” 🙂")
    as_saved = read_all([path], KEY)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert read_all([path], KEY) == as_saved
    assert len(as_saved["Ana María"]) == len(KEY.pairs)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_that_changed_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    path = save(tmp_path / "a.jsonl", KEY, "Ana", lambda _: TIE, note="good")
    whole, as_saved = path.read_bytes(), read_all([path], KEY)
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    try:
        assert read_all([path], KEY) == as_saved  # white space at the very end
    except DataError as fault:
        assert str(path) in str(fault)  # noqa: PT017 - either may come
