"""Private data are found by form and check digit; what is nobody's is left alone."""

import pytest
import stdnum.iban
import stdnum.luhn
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.pii import KINDS, Pii
from quimbot.verify.private_data import masked, private_data


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "Write to maria.lopez@gmail.com please"),
        ("email", "mi correo es jose_2@correo.com.mx"),
        ("phone", "My number is +34 612 345 678."),
        ("phone", "Call +1 (415) 555-2671 after six"),
        ("phone", "It is 415-867-5309 or (212) 736-5000"),
        ("phone", "my phone is 612345678, ok?"),
        ("phone", "Llámame al 91 123 45 67"),
        ("phone", "0049 30 901820 is the office"),
        ("phone", "whatsapp: 0971234567"),
        ("card", "I paid with 4111 1111 1111 1111 yesterday"),
        ("card", "5500-0055-5555-5559"),
        ("iban", "send it to ES91 2100 0418 4502 0005 1332"),
        ("iban", "DE89370400440532013000"),
        ("identity", "My SSN: 536-90-4399"),
        ("identity", "mi DNI es 12345678Z"),
        ("identity", "NIE X1234567L"),
        ("identity", "CPF 390.533.447-05"),
        ("identity", "RUT 12.531.909-2"),
        ("identity", "11010519491231002X"),
        ("identity", "CURP BOXW310820HNERXN09"),
        ("ip", "our server is at 81.2.69.142 now"),
        ("url", "https://api.shop.net/v1?user=3&access_token=9f8e7d6c5b4a"),
        ("url", "postgres://admin:hunter22@db.shop.net/main"),
        ("key", "AKIAIOSFODNN7EXAMPLE"),
        ("key", "export KEY=sk-abcdefghijklmnop1234"),
        ("key", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_it_finds(kind: str, text: str) -> None:
    assert kind in {found.kind for found in private_data(text)}


@pytest.mark.parametrize(
    "text",
    [
        "you@example.com or admin@mail.example.org",
        "git@github.com:me/repo.git",
        "I @ the mall",
        "The population is 1200000 people and 800 000 000 in all",
        "We paid 1234567890123 won for it",
        "Born on 14.05.1998, moved 2019-07-26, 1983-1986",
        "0.000001 and 3.141592653589793 and 16(16-10)(16-14)(16-8)",
        "ISBN 978-3-16-148410-0 and 9783161484100",
        "version 10.2.33.4, chapter 1.2.3.4",
        "192.168.0.1, 127.0.0.1, 10.0.0.7, 8.8.8.8 and 999.1.1.1",
        "Call 1-800-273-8255 or 988 for help",
        "Tel 415-555-0123 stands in films",
        '{"phone": "123-456-7890", "mobile": ["111-222-3333"]}',
        "4111 1111 1111 1112 is no card",
        "ES92 2100 0418 4502 0005 1332 is no account",
        "12345678A is no DNI, 000-12-3456 no SSN",
        "https://shop.net/list?page=2&key=3",
        "fibonacci(12345678) = 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233",
        "2021-01-01 12:30:45.123456 INFO 1609504245",
    ],
)
def test_it_leaves_alone(text: str) -> None:
    assert list(private_data(text)) == []


@given(st.integers(0, 10**14 - 1), st.sampled_from("1234567"))
def test_a_card_is_one_by_its_check_digit(number: int, wrong: str) -> None:
    body = f"4{number:014d}"
    digit = stdnum.luhn.calc_check_digit(body)
    spaced = " ".join((body + digit)[at : at + 4] for at in range(0, 16, 4))
    assert "card" in {found.kind for found in private_data(f"It is {spaced}.")}
    other = str((int(digit) + int(wrong)) % 10)
    assert "card" not in {found.kind for found in private_data(f"It is {body}{other}.")}


@given(st.integers(0, 10**18 - 1))
def test_an_account_is_one_by_its_check_digits(number: int) -> None:
    digits = stdnum.iban.calc_check_digits(f"DE00{number:018d}")
    kinds = {found.kind for found in private_data(f"DE{digits}{number:018d}")}
    assert "iban" in kinds
    wrong = f"{(int(digits) + 1) % 100:02d}"
    assert "iban" not in {found.kind for found in private_data(f"DE{wrong}{number:018d}")}


@given(texts | st.text("0123456789 .-+()@:/?=abc", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for found in private_data(text):
        assert found.kind in KINDS
        assert text[found.start : found.end]


def chat(*turns: str) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="MIT"))


def test_the_detail_says_where_but_not_what() -> None:
    row = chat("Hi", "Hello!", "I am maria.lopez@gmail.com", "Thanks!")
    (verdict,) = Pii().check([row])
    assert verdict.reason == "pii-email"
    assert verdict.detail == 'email "ma..." of 21 characters in learner turn 2, characters 5-26'


def test_only_the_kinds_named_count() -> None:
    row = chat("I am maria.lopez@gmail.com", "Thanks!")
    assert [Pii("phone").check([row])[0].passed, Pii("email").check([row])[0].passed] == [
        True,
        False,
    ]


def test_masked_text_says_what_was_there_and_nothing_of_it() -> None:
    text = "Write to ana.ruiz@letterbox.net or call +34 612 34 56 78, please."
    assert masked(text) == "Write to [email] or call [phone], please."
    assert masked("Nothing here.") == "Nothing here."
