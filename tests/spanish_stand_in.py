"""A stand-in for a Spanish corpus of the hub: its columns, sentences of our own, planted faults.

    python tests/spanish_stand_in.py spanish.jsonl --rows 100000

Of every hundred rows some are in English, hold private data, refuse, are code, repeat Stage 1, say
a learner turn of a suite, or are copies; which is told by `PLANTED`.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from quimbot.verify.suite import load_suite

Row = dict[str, Any]
Turns = list[tuple[str, str]]

SLOTS = {
    "who": "mi abuela,mi hermano,mi prima,mi vecino,mi tía,mi mejor amiga,mi papá,mi suegra,"
    "mi sobrino,mi jefa,mi compañero de piso,mi maestra",
    "town": "Oaxaca,Medellín,Sevilla,Rosario,Cuenca,Arequipa,Valparaíso,Granada,Mérida,Tucumán",
    "dish": "tamales,arepas,empanadas,una tortilla,un guiso de lentejas,pozole,ceviche,"
    "arroz con pollo,una sopa de calabaza,pan de yuca",
    "day": "el lunes,el martes,el jueves,el sábado,el domingo,anoche,ayer por la tarde,"
    "la semana pasada,en Navidad,en agosto",
    "place": "el mercado,la biblioteca,el parque,la playa,el cine,el estadio,la plaza,el gimnasio,"
    "la panadería,el museo",
    "thing": "una bicicleta,un libro de cuentos,una guitarra,un abrigo,una cámara,un reloj,"
    "unas botas,un mapa,una planta,una lámpara",
    "feel": "contento,nervioso,cansado,orgulloso,tranquilo,preocupado,emocionado,aburrido",
    "hobby": "bailar,pintar,nadar,cocinar,tocar el piano,coser,montar en bici,leer novelas,"
    "hacer fotos,jugar al ajedrez",
    "n": "dos,tres,cuatro,cinco,seis,siete,ocho,nueve,diez,doce",
    "topic": "el ciclo del agua,la Revolución mexicana,las mareas,los volcanes,el sistema solar,"
    "la dieta mediterránea,el ahorro de energía,las abejas,los contratos de alquiler,"
    "la historia del chocolate",
}  # fmt: skip

SHARES = {
    "plain": 24,
    "tu": 24,
    "informal": 7,
    "usted": 14,
    "formal": 4,
    "vos": 4,
    "vosotros": 3,
    "switched": 4,
    "task": 16,
}
"""What a row is about, and how many of a hundred."""
PLANTED = {
    3: "code",
    7: "english",
    11: "refusal",
    13: "private",
    17: "copy",
    19: "near",
    23: "stage1",
    29: "suite",
}
"""Rows of every hundred that hold a fault, by their number."""
_FAULTY = ("code", "english", "refusal", "private")
_PATTERNS = Path(__file__).parent / "golden/spanish_patterns.jsonl"
_ENGLISH_WHO = ("grandma", "brother", "cousin", "mom", "aunt", "neighbour")
_NAMES = ("lucia", "mateo", "ines", "bruno", "carla", "diego")


class Corpus:
    """Rows drawn by a seed; a copy repeats an earlier row of the corpus."""

    def __init__(self, seed: int, stage1: list[Turns]) -> None:
        self._rng = Random(seed)
        self._stage1 = stage1
        self._suite = [turn.learner for turn in load_suite("scaffolding")]
        self._suite = [text for text in self._suite if len(text.split()) > 8]
        self._earlier: list[Turns] = []
        self._slots = {name: text.split(",") for name, text in SLOTS.items()}
        self._patterns: dict[str, Turns] = {}
        for line in _PATTERNS.read_text("utf-8").splitlines():
            row = json.loads(line)
            self._patterns.setdefault(row["kind"], []).append((row["learner"], row["reply"]))

    def rows(self, count: int) -> Iterator[Row]:
        """So many rows with the hub's columns."""
        for number in range(count):
            messages = [
                {"role": role, "content": text}
                for turn in self._turns(number)
                for role, text in zip(("user", "assistant"), turn, strict=True)
            ]
            yield {"id": f"s{number}", "messages": messages, "lang": "es"}

    def _turns(self, number: int) -> Turns:
        fault = PLANTED.get(number % 100, "")
        if fault == "stage1" and self._stage1:
            return self._rng.choice(self._stage1)
        if fault == "suite":
            return [(self._rng.choice(self._suite), self._pair("tu")[1])]
        if fault in ("copy", "near") and self._earlier:
            again = self._rng.choice(self._earlier)
            return again if fault == "copy" else [(again[0][0], again[0][1] + " Sí."), *again[1:]]
        if fault in _FAULTY:
            return [self._pair(fault)]
        (kind,) = self._rng.choices(list(SHARES), list(SHARES.values()))
        turns = [self._pair(kind) for _ in range(self._rng.choice((1, 1, 2, 3)))]
        if len(self._earlier) < 5000:
            self._earlier.append(turns)
        return turns

    def _pair(self, kind: str) -> tuple[str, str]:
        drawn = {name: self._rng.choice(words) for name, words in self._slots.items()}
        number = self._rng.randrange(10_000)
        drawn |= {
            "who_en": self._rng.choice(_ENGLISH_WHO),
            "name": self._rng.choice(_NAMES),
            "number": str(number),
            "four": f"{number // 100:02} {number % 100:02}",
        }
        drawn["essay"] = " ".join(
            f"En {town} se habla de {drawn['topic']} desde hace {n} años, y {who} lo explica bien."
            for town, n, who in self._rng.sample(_THREES, 14)
        )
        asked, answered = (text.format(**drawn) for text in self._rng.choice(self._patterns[kind]))
        if kind not in _FAULTY:  # what else they tell makes one chat unlike the next
            more = {name: self._rng.choice(words) for name, words in self._slots.items()}
            others = self._rng.sample(self._patterns["plain"], 2)
            told = [_capital(text.format(**more)) for text, _ in others]
            asked = " ".join((asked, *told[: self._rng.choice((0, 1, 1, 2))]))
            answered = " ".join((answered, _capital(others[0][1].format(**more))))
        return _capital(asked), _capital(answered)


_THREES = list(product(*(SLOTS[name].split(",") for name in ("town", "n", "who"))))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def write_spanish(path: Path, rows: int, *, stage1: Path | None = None, seed: int = 1) -> Path:
    """The stand-in corpus; some of its rows are those of the Stage-1 file, when it is given."""
    known: list[Turns] = []
    if stage1:
        with stage1.open(encoding="utf-8") as file:
            for line in file:
                said = [turn["content"] for turn in json.loads(line)["messages"]]
                known.append(list(zip(said[-2:-1], said[-1:], strict=True)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for row in Corpus(seed, known).rows(rows):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--stage1", type=Path)
    given = parser.parse_args()
    print(write_spanish(given.path, given.rows, stage1=given.stage1))  # noqa: T201 - a script
