"""Private data in text: found by their form, and where there is one by their check digits.

Numbers are judged by python-stdnum (cards, accounts, identity numbers) and phonenumbers. What is
private to nobody is left out: addresses of example.com, toll-free numbers, the fictional 555-01xx,
addresses of private networks.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import phonenumbers
import stdnum.br.cpf
import stdnum.cl.rut
import stdnum.cn.ric
import stdnum.es.dni
import stdnum.es.nie
import stdnum.iban
import stdnum.kr.rrn
import stdnum.luhn
import stdnum.mx.curp
import stdnum.us.ssn

CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){3,7}(?: ?[A-Za-z0-9]{1,3})?(?!\w)")
SOCIAL = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
KEY = re.compile(r"(?<!\w)(?:sk|pk|ghp|xox[a-z]|AKIA)[-_]?[A-Za-z0-9_-]{16,}")

_EMAIL = re.compile(
    r"(?<![\w.+%/:@-])[\w.+%-]{1,64}@((?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24})\b(?!:[\w~/])"
)
_NOBODY = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|domain|yourdomain)(?:\.\w+)*$"
    r"|(?:^|\.)example\.",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_VERSION = re.compile(r"(?:v|version|release|chapter|section)\.?\s*$", re.IGNORECASE)
_RESOLVERS = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})
_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://(?:"
    r"[^\s/:@\"'<>]{1,64}:[^\s/@\"'<>]{3,64}@"
    r"|[^\s\"'<>]{1,300}?[?&#](?:access_?token|auth|api_?key|apikey|key|pass(?:word)?|pwd|secret|"
    r"session(?:_?id)?|sid|sig(?:nature)?|token)=[^\s\"'<>&]{8,})",
    re.IGNORECASE,
)
_JWT = re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")
_PEM = re.compile(r"-----BEGIN (?:\w+ ){0,3}PRIVATE KEY-----")

_WORLD = re.compile(r"(?<![\w+=*/.])(?:\+|00)[1-9](?:[ .()-]{0,2}\d){7,14}(?![\w-]|\.\d)")
_AMERICAN = re.compile(
    r"(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\w-]|\.\d)"
)
_CALLED = re.compile(
    r"\b(?:phone|telephone|tel|mobile|cell|whatsapp|fax|call me (?:at|on)|text me (?:at|on)|"
    r"tel[eé]fono|m[oó]vil|celular|ll[aá]mame al?)\b[^\d\n]{0,25}?"
    r"(\(?\d(?:[ .()-]{0,2}\d){6,12})(?![\w-]|\.\d)",
    re.IGNORECASE,
)


class Private(NamedTuple):
    """Private data in a text: what it is, and its characters."""

    kind: str
    start: int
    end: int


def private_data(text: str) -> Iterator[Private]:
    """Private data in the text, kind by kind."""
    at_sign = "@" in text
    if at_sign:
        for found in _EMAIL.finditer(text):
            if not _NOBODY.search(found[1]):
                yield Private("email", *found.span())
    if "://" in text:
        yield from (Private("url", *found.span()) for found in _URL.finditer(text))
    if "-----BEGIN" in text or "eyJ" in text:
        for pattern in (_PEM, _JWT):
            yield from (Private("key", *found.span()) for found in pattern.finditer(text))
    if _has_digit(text):
        yield from _numbers(text)


def _has_digit(text: str) -> bool:
    # Ten looks by the C library are faster than one by a pattern or a set.
    return (
        "1" in text
        or "2" in text
        or "0" in text
        or "3" in text
        or "5" in text
        or "4" in text
        or "6" in text
        or "7" in text
        or "8" in text
        or "9" in text
    )


def _numbers(text: str) -> Iterator[Private]:
    """Private data that are digits, or letters and digits."""
    if text.count(".") >= 3:  # noqa: PLR2004 - an IP address has three
        for found in _ADDRESS.finditer(text):
            if _is_public(found.group()) and not _VERSION.search(text[: found.start()][-12:]):
                yield Private("ip", *found.span())
    yield from (Private("key", *found.span()) for found in KEY.finditer(text))
    if not _LONG.search(text):
        return
    for kind, pattern, valid in _CHECKED:
        for found in pattern.finditer(text):
            if valid(found.group()):
                yield Private(kind, *found.span())
    yield from _phones(text)


_LONG = re.compile(r"\d(?:[ .()-]{0,2}\d){5}")
"""Six digits near each other: the least that any private number but an IP address has."""


def is_card(text: str) -> bool:
    """Whether digits, spaces and hyphens are a payment card's: by its issuer and check digit."""
    digits = re.sub(r"[ -]", "", text)
    return bool(_ISSUED.fullmatch(digits)) and stdnum.luhn.is_valid(digits)


_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|"
    r"6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)
"""Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay."""


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global and address not in _RESOLVERS
    except ValueError:
        return False


_CHECKED: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("iban", IBAN, stdnum.iban.is_valid),
    ("card", CARD, is_card),
    ("identity", SOCIAL, stdnum.us.ssn.is_valid),
    (
        "identity",
        re.compile(r"(?<![\w.-])\d{8}[- ]?[A-HJ-NP-TV-Z](?![\w-])"),
        stdnum.es.dni.is_valid,
    ),
    (
        "identity",
        re.compile(r"(?<![\w.-])[XYZ][- ]?\d{7}[- ]?[A-Z](?![\w-])"),
        stdnum.es.nie.is_valid,
    ),
    (
        "identity",
        re.compile(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])"),
        stdnum.br.cpf.is_valid,
    ),
    (
        "identity",
        re.compile(r"(?<![\w.-])\d{1,2}\.\d{3}\.\d{3}-[\dkK](?![\w-])"),
        stdnum.cl.rut.is_valid,
    ),
    ("identity", re.compile(r"(?<![\w.-])\d{17}[\dXx](?![\w-])"), stdnum.cn.ric.is_valid),
    ("identity", re.compile(r"(?<![\w.-])\d{6}-[1-8]\d{6}(?![\w-])"), stdnum.kr.rrn.is_valid),
    ("identity", re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b"), stdnum.mx.curp.is_valid),
)
"""Identity numbers of the United States, Spain (two), Brazil, Chile, China, Korea and Mexico."""


def _phones(text: str) -> Iterator[Private]:
    """Telephone numbers that exist and are somebody's: written with +, as American, or named so."""
    told = set()
    for pattern, region in ((_WORLD, None), (_AMERICAN, "US")):
        for found in pattern.finditer(text):
            if _owner(found.group(), region) == "private":
                told.add(found.end())
                yield Private("phone", *found.span())
    for found in _CALLED.finditer(text):
        owner = "" if found.end(1) in told else _owner(found[1], "US")
        if owner == "private" or not (owner or _PLACEHOLDER.fullmatch(found[1])):
            yield Private("phone", *found.span(1))


def _owner(text: str, region: str | None) -> Literal["private", "public", ""]:
    """Whose a number is, written for the world or as in the region; nobody's if there is none."""
    given = "+" + text[2:] if region is None and text.startswith("00") else text
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    fictional = _FICTIONAL.fullmatch(str(number.national_number))
    public = fictional or phonenumbers.number_type(number) in _PUBLIC
    return "public" if public else "private"


_PLACEHOLDER = re.compile(r"\(?(?:123|(\d)\1\1)\)?[ .-]\d{3}[ .-]\d{4}")
"""123-456-7890, 111-222-3333: an example of how numbers are written."""
_FICTIONAL = re.compile(r"\d{3}55501\d\d")
_PUBLIC = frozenset(
    {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)
"""Numbers of firms and helplines."""


def masked(text: str) -> str:
    """The text with each piece of private data replaced by what it is, as `[email]`."""
    for found in sorted(private_data(text), key=lambda one: one.start, reverse=True):
        text = f"{text[: found.start]}[{found.kind}]{text[found.end :]}"
    return text
