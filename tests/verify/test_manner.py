"""Whom Spanish replies address, how easy they are, and whether a chat is talk or a task."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.exceptions import RecipeError
from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.catalog import verifier
from quimbot.verify.manner import TRUSTED
from quimbot.verify.readable import perspicuity
from quimbot.verify.spanish_address import ADDRESSES, address
from quimbot.verify.spanish_style import style, switches
from quimbot.verify.talk import KINDS, kind_of, orders

GOLDEN = Path(__file__).parents[1] / "golden/spanish.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]
HELD = [row for row in ROWS if row.get("held")]
SHOWN = [row for row in ROWS if not row.get("held")]


def chat(asked: str, *replies: str) -> Record:
    messages = [Message(role="user", content=asked)]
    messages += [Message(role="assistant", content=reply) for reply in replies]
    return Record(messages=tuple(messages), provenance=Provenance(source="s", licence="l"))


def counts(pairs: list[tuple[Any, Any]], nothing: Any) -> tuple[int, int, int]:  # noqa: ANN401
    """Named right, named, and to be named."""
    right = sum(truth == named != nothing for truth, named in pairs)
    return right, sum(n != nothing for _, n in pairs), sum(t != nothing for t, _ in pairs)


def test_what_is_told_of_the_rules_is_what_the_held_out_sentences_say() -> None:
    said = [row for row in HELD if "text" in row]
    assert len(HELD) == 124
    assert {
        "address": counts([(row["address"], address(row["text"])) for row in said], "none"),
        "switching": counts([(row["switches"], switches(row["text"])) for row in said], False),
        "task": counts(
            [(row["kind"] == "task", orders(row["ask"])) for row in HELD if "ask" in row], False
        ),
    } == TRUSTED


def test_what_the_rules_name_on_the_sentences_they_were_made_with_is_nearly_always_right() -> None:
    said = [row for row in SHOWN if "text" in row]
    forms = [(row["address"], address(row["text"])) for row in said]
    assert counts(forms, "none")[0] >= 0.95 * counts(forms, "none")[1]
    tones = [(row["style"], style(row["text"])) for row in said]
    assert counts(tones, "plain")[0] >= 0.95 * counts(tones, "plain")[1]
    mixed = [(row["switches"], switches(row["text"])) for row in said]
    assert counts(mixed, False)[0] == counts(mixed, False)[1]


@given(st.text(max_size=300))
def test_any_text_has_an_address_and_no_rule_breaks(text: str) -> None:
    assert address(text) in ADDRESSES
    assert style(text) in {"formal", "informal", "both", "plain"}
    assert isinstance(switches(text), bool)
    assert kind_of(chat(text, text).messages) in KINDS
    perspicuity(text)


@pytest.mark.parametrize(
    ("asked", "reply", "kind"),
    [
        ("¿Cómo imprimo?", "Así:\n```python\nprint('hola')\n```", "code"),
        ("¿Qué llevo?", "- agua\n- pan\n- un mapa", "list"),
        ("Escribe un poema.", "La mar.", "task"),
        ("Write a poem.", "The sea.", "task"),
        ("¿Qué tal?", "bien " * 121, "long"),
        ("¿Qué tal?", "bien " * 120, "talk"),
        ("Fui a la playa.", "1. Qué bien.\nY luego, ¿qué?", "talk"),
    ],
)
def test_kinds_of_chat(asked: str, reply: str, kind: str) -> None:
    record = chat(asked, reply)
    assert kind_of(record.messages) == kind
    (verdict,) = verifier(f"talk:{kind}").check([record])
    assert verdict.passed
    (verdict,) = verifier("talk").check([record])
    assert verdict.passed == (kind == "talk")
    assert verdict.reason == ("" if kind == "talk" else f"is-{kind}")


def test_address_looks_at_replies_only() -> None:
    check = verifier("address:tu,none")
    records = [
        chat("Dígame usted.", "¿Tienes hambre?"),
        chat("¿Tienes hambre?", "Dígame usted."),
        chat("¿Tienes hambre?", "Dígame usted.", "¿Tienes hambre?"),
    ]
    assert [v.reason for v in check.check(records)] == ["", "address-usted", "address-mixed"]


def test_readability_counts_syllables_and_sentences() -> None:
    # El pe-rro co-me. La luz es: eight syllables, six words, two sentences.
    assert perspicuity("El perro come. La luz es.") == pytest.approx(206.835 - 62.3 * 8 / 6 - 3)
    assert perspicuity("país ciudad cuidado") == pytest.approx(206.835 - 62.3 * 7 / 3 - 3)
    assert perspicuity("12, 13.") is None
    hard = "La implementación metodológica de infraestructuras requiere consideraciones "
    hard += "interdisciplinarias extraordinariamente pormenorizadas."
    easy = "El perro come pan. La casa es azul y el sol es bueno hoy."
    check = verifier("readable:65")
    verdicts = check.check([chat("¿?", easy), chat("¿?", hard), chat("¿?", "Implementación.")])
    assert [v.reason for v in verdicts] == ["", "hard-to-read", ""]
    assert "reply 1" in verdicts[1].detail


@pytest.mark.parametrize("spelling", ["address", "address:thou", "talk:chat", "readable:easy"])
def test_what_a_check_does_not_know_is_refused(spelling: str) -> None:
    with pytest.raises(RecipeError, match=spelling.partition(":")[0]):
        verifier(spelling)
