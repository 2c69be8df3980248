"""What the chats of a corpus are like: languages, talk or tasks, lengths, and Spanish register."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from quimbot.curate.design_report import Lengths, Register, Shape
from quimbot.records.record import Record
from quimbot.records.texts import dialogue_text
from quimbot.runs.scorecard import Rate
from quimbot.verify.language import language_of
from quimbot.verify.manner import said
from quimbot.verify.readable import perspicuity
from quimbot.verify.spanish_address import address
from quimbot.verify.spanish_style import style, switches
from quimbot.verify.talk import kind_of

UNSURE = "unsure"
LONGER = (100, 200, 400, 800)
_READ = 4000
"""Characters of each side that the register is told from."""
_MANY = 8
_SIDES = (("learner", "user"), ("reply", "assistant"))
_BANDS = ((80, "above 80, very easy"), (65, "65 to 80, rather easy"), (55, "55 to 65, normal"))
_LOWEST = ((40, "40 to 55, somewhat hard"), (float("-inf"), "below 40, very hard"))
_FEWEST = 10


def languages(records: Iterable[Record]) -> list[str]:
    """The language that each chat surely is in, or `unsure`."""
    return [language_of(dialogue_text(record)[:300]) or UNSURE for record in records]


def shape(records: Sequence[Record]) -> Shape:
    """Kinds, numbers of turns, and lengths."""
    exchanges: Counter[int] = Counter()
    words: dict[str, list[int]] = {"user": [], "assistant": []}
    chats = []
    for record in records:
        whole = 0
        for message in record.messages:
            if message.role in words:
                count = len(message.content.split())
                words[message.role].append(count)
                whole += count
        chats.append(whole)
        exchanges[min(_MANY, sum(message.role == "user" for message in record.messages))] += 1
    return Shape(
        kinds=_ranked(kind_of(record.messages) for record in records),
        exchanges={
            f"{number}+" if number == _MANY else str(number): exchanges[number]
            for number in sorted(exchanges)
        },
        learner_words=_lengths(words["user"]),
        reply_words=_lengths(words["assistant"]),
        longer={str(most): Rate.of(sum(n > most for n in chats), len(chats)) for most in LONGER},
    )


def register(records: Sequence[Record], spoken: Sequence[str], lost: Sequence[bool]) -> Register:
    """The register of the chats that are not surely in another language than Spanish.

    `lost` tells of each chat whether the language check takes it out.
    """
    forms: dict[str, list[str]] = {"learner": [], "reply": []}
    tones: dict[str, list[str]] = {"learner": [], "reply": []}
    readability: Counter[str] = Counter()
    switching = switching_lost = chats = 0
    for record, language, out in zip(records, spoken, lost, strict=True):
        learner_switches = switches(said(record, "user")[:_READ])
        if language not in ("es", UNSURE) and not learner_switches:
            continue
        chats += 1
        switching += learner_switches
        switching_lost += learner_switches and out
        for side, role in _SIDES:
            text = said(record, role)[:_READ]
            forms[side].append(address(text))
            tones[side].append(style(text))
        readability.update(_bands(record))
    return Register(
        chats=chats,
        address={side: _ranked(found) for side, found in forms.items()},
        style={side: _ranked(found) for side, found in tones.items()},
        switching=Rate.of(switching, chats),
        switching_lost=switching_lost,
        readability={band: readability[band] for _, band in (*_BANDS, *_LOWEST)},
    )


def _bands(record: Record) -> Iterable[str]:
    for message in record.messages:
        if message.role == "assistant" and len(message.content.split()) >= _FEWEST:
            score = perspicuity(message.content[:_READ])
            if score is not None:
                yield next(band for least, band in (*_BANDS, *_LOWEST) if score >= least)


def _lengths(words: Sequence[int]) -> Lengths:
    if not words:
        return Lengths(median=0, p95=0, most=0)
    median, p95 = np.percentile(words, (50, 95), method="inverted_cdf")
    return Lengths(median=int(median), p95=int(p95), most=max(words))


def _ranked(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(names)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
