"""What raters saved is taken as it came or refused in one line; nothing is lost on the way."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reviews import ADDRESSES, line, make_key, save

from quimbot.evaluate.blind.given import read_all
from quimbot.evaluate.blind.sheet import TIE
from quimbot.exceptions import DataError

KEY = make_key()


def row(**changes: object) -> str:
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
    return line(**(given | changes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no answers"),
        ("hello\n", ":1: is no line that a review page saved"),
        (row().replace("tie", "bad"), ":1: was changed after it was saved"),
        (row() + row(rater="Ben"), ":2: by 'Ben', but the file begins with 'Ana'"),
        (row() + "\n" + row(), ":3: pair"),
        (row(sheet="other"), ":1: answers page 'other', but the key is of page '5ee7'"),
        (row(pair="gone"), ":1: unknown pair 'gone'"),
        (row(choice="gone"), ":1: unknown choice 'gone'; allowed: "),
        (row(shown=["gone"]), ":1: shows other replies"),
        (row(why=["mood"]), ":1: Invalid enum value 'mood'"),
        (row(extra=1), ":1: Object contains unknown field `extra`"),
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
    first = save(tmp_path / "a.jsonl", KEY, "Ana", lambda _: TIE)
    same = save(tmp_path / "b.jsonl", KEY, "Ana", lambda _: TIE)
    other = save(tmp_path / "c.jsonl", KEY, "ana", lambda _: ADDRESSES[0])
    with pytest.raises(DataError, match=r"a\.jsonl and .*b\.jsonl: .* with the same answers"):
        read_all([first, same], KEY)
    with pytest.raises(DataError, match=r"a\.jsonl and .*c\.jsonl: .* with different answers"):
        read_all([first, other], KEY)


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
