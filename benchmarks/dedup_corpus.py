"""A corpus of chats with planted copies, and the truth about them, for `benchmarks/dedup.py`.

    python benchmarks/dedup_corpus.py --rows 200000 --output chats.jsonl
    python benchmarks/dedup_corpus.py --rows 100000 --vocabulary 15 --output few_words.jsonl
    python benchmarks/dedup_corpus.py --rows 50000 --vocabulary 5000 --shared 40 --output like.jsonl

Three quarters of the rows are written for themselves: half of these are seed rows with 40 % of
their words replaced, half are random chats whose words follow Zipf's law. One quarter are copies of
distinct ones of them, of 200,000 rows: 10,000 exact, 10,000 cosmetic (case, spaces, end marks),
10,000 with one word replaced, 10,000 with 5 % of the words edited (half replaced, the others left
out or put in), 5,000 with 15 % and 5,000 with 30 %. All rows are shuffled. `chats.truth.jsonl`
names each copy's row, its original's and its stratum.

The seed rows come from a file of chats (`--seeds`; the numbers in the docs are with
`toefl_synth_10k.jsonl` of milwrite/quimbot), else from the project's own sentences. With a
vocabulary of its own each row is 40 random words of it, after so many words that all rows share,
and nothing is planted: the worst input for locality-sensitive hashing.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from quimbot.pedagogy.sentences import grammar

STRATA = {"exact": 4, "cosmetic": 4, "one word": 4, "5 %": 4, "15 %": 2, "30 %": 2}
"""Copies in every 80 rows."""
SHARES = {"one word": 0.0, "5 %": 0.05, "15 %": 0.15, "30 %": 0.30}
ENDS = ".?!… "

Turns = list[list[str]]
"""The words of a chat, message by message; learner and tutor take turns."""


class Vocabulary:
    """Made-up words, the nth drawn about once for every n times the first is."""

    def __init__(self, size: int, rng: Random) -> None:
        syllables = [first + second for first in "bcdfghklmnprstvw" for second in "aeiou"]
        words: dict[str, None] = {}
        while len(words) < size:
            words["".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3, 3))))] = None
        self._words = list(words)
        total, self._weights = 0.0, []
        for rank in range(1, size + 1):
            total += 1 / rank
            self._weights.append(total)

    def draw(self, count: int, rng: Random) -> list[str]:
        """So many words."""
        return rng.choices(self._words, cum_weights=self._weights, k=count)


def public_seeds(path: Path) -> list[Turns]:
    """The distinct chats of a file, in the order they stand."""
    with path.open(encoding="utf-8") as file:
        chats = [json.loads(line)["messages"] for line in file]
    texts = {tuple(m["content"] for m in chat if m["role"] != "system"): None for chat in chats}
    return [[message.split() for message in chat] for chat in texts]


def own_seeds(count: int, rng: Random) -> list[Turns]:
    """Chats of the project's own sentences: two turns of a learner, two replies."""
    drawn = (sentence.text.split() for sentence in grammar().draw(rng, 0.5))
    return [[next(drawn) for _ in range(4)] for _ in range(count)]


def edited(turns: Turns, share: float, kinds: str, vocabulary: Vocabulary, rng: Random) -> Turns:
    """The chat with that share of its words edited, at least one.

    An edit, its kind drawn from those, replaces a word, leaves it out or puts one before it.
    """
    cells = [[[word] for word in turn] for turn in turns]
    places = [(turn, word) for turn, words in enumerate(turns) for word in range(len(words))]
    for turn, place in rng.sample(places, max(1, round(share * len(places)))):
        word, other = turns[turn][place], vocabulary.draw(1, rng)[0]
        while other == word.lower():
            other = vocabulary.draw(1, rng)[0]
        cells[turn][place] = {"replace": [other], "omit": [], "insert": [other, word]}[
            rng.choice(kinds.split())
        ]
    return [[word for cell in turn for word in cell] for turn in cells]


def random_chat(vocabulary: Vocabulary, rng: Random) -> Turns:
    """Two to six messages of 4 to 25 words."""
    turns = []
    for _ in range(2 * rng.randint(1, 3)):
        words = vocabulary.draw(rng.randint(4, 25), rng)
        turns.append([words[0].capitalize(), *words[1:-1], words[-1] + rng.choice(".?!")])
    return turns


def cosmetic(text: str, rng: Random) -> str:
    """The same words in another dress."""
    changes = (
        text.upper(),
        text.lower(),
        "  ".join(text.split(" ")) + " ",
        text.rstrip(ENDS) + rng.choice(("", "!", "...", " ?!")),
    )
    return rng.choice(changes)


def copied(turns: Turns, stratum: str, vocabulary: Vocabulary, rng: Random) -> list[str]:
    """The messages of a copy."""
    if stratum in SHARES:
        kinds = "replace" if stratum == "one word" else "replace replace omit insert"
        turns = edited(turns, SHARES[stratum], kinds, vocabulary, rng)
    messages = [" ".join(turn) for turn in turns]
    return [cosmetic(message, rng) for message in messages] if stratum == "cosmetic" else messages


def rows(count: int, seeds: Sequence[Turns], rng: Random) -> Iterator[tuple[list[str], int, str]]:
    """Messages, the number of the row that they copy or -1, and the stratum of the copy."""
    vocabulary = Vocabulary(20_000, rng)
    strata = [name for name, times in STRATA.items() for _ in range(round(count * times / 80))]
    own = count - len(strata)
    originals = dict(zip(rng.sample(range(own), len(strata)), strata, strict=True))
    copies = []
    for number in range(own):
        seed = seeds[number % len(seeds)]
        turns = (
            edited(seed, 0.4, "replace", vocabulary, rng)
            if number < own // 2
            else random_chat(vocabulary, rng)
        )
        if number in originals:
            stratum = originals[number]
            copies.append((copied(turns, stratum, vocabulary, rng), number, stratum))
        yield [" ".join(turn) for turn in turns], -1, ""
    yield from copies


def encoded(messages: Sequence[str]) -> bytes:
    """One line of a record file."""
    chat = [
        {"role": ("user", "assistant")[place % 2], "content": message}
        for place, message in enumerate(messages)
    ]
    record = {"messages": chat, "provenance": {"source": "planted", "licence": "none"}}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write(made: Sequence[tuple[bytes, int, str]], output: Path, rng: Random) -> None:
    """The rows in a shuffled order, and the truth about them."""
    order = list(range(len(made)))
    rng.shuffle(order)
    stands = {number: place for place, number in enumerate(order)}
    with output.open("wb") as file:
        file.writelines(made[number][0] for number in order)
    with output.with_suffix(".truth.jsonl").open("w", encoding="utf-8") as file:
        for place, number in enumerate(order):
            _, of, stratum = made[number]
            if of >= 0:
                truth = {"row": place, "of": stands[of], "stratum": stratum}
                file.write(json.dumps(truth) + "\n")


def main() -> None:
    """Write the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seeds", type=Path, help="chats to start from")
    parser.add_argument("--vocabulary", type=int, default=0, help="so many words, nothing planted")
    parser.add_argument("--shared", type=int, default=0, help="of them at the start of each row")
    told = parser.parse_args()
    rng = Random(told.seed)
    if told.vocabulary:
        words = [f"w{number}" for number in range(told.vocabulary)]
        shared = " ".join(rng.choices(words, k=told.shared))
        drawn = (" ".join(rng.choices(words, k=40)) for _ in range(told.rows))
        made = [(encoded([f"{shared} {row}".strip()]), -1, "") for row in drawn]
        write(made, told.output, rng)
        return
    if told.seeds:
        seeds, said = public_seeds(told.seeds), told.seeds.name
    else:
        seeds, said = own_seeds(6_000, rng), "the project's sentences"
    made = [(encoded(m), of, stratum) for m, of, stratum in rows(told.rows, seeds, rng)]
    write(made, told.output, rng)
    print(f"{len(made)} rows on {len(seeds)} seed rows from {said}")


if __name__ == "__main__":
    main()
