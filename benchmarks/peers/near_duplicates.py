"""Near duplicates by another library, for `benchmarks/dedup.py --peer`.

    VENV/bin/python benchmarks/peers/near_duplicates.py LIBRARY CHATS.jsonl FALLEN

VENV holds the library, msgspec and numpy. All are given the words as our core reads them, in the
same setting: word trigrams, 128 permutations, 16 bands of 8 rows, threshold .7. A row falls when
one before it is near, by the library's own estimate where it makes one; datatrove joins components
and writes its stages to disk. The rows that fell are written to FALLEN, eight bytes each; one line
of JSON tells CPU seconds and the peak of memory, reading the file included.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from usage import cpu_s, peak_mb

WORD = re.compile(r"[^\W_]+")
WORDS, PERMUTATIONS, BANDS, ROWS, THRESHOLD = 3, 128, 16, 8, 0.7


class Message(msgspec.Struct, gc=False):
    """What is said."""

    content: str


class Chat(msgspec.Struct, gc=False):
    """A row of the file."""

    messages: list[Message]


def word_lists(path: Path) -> Iterator[list[str]]:
    """The words of each row in lower case."""
    decode = msgspec.json.Decoder(Chat).decode
    with path.open("rb") as file:
        for line in file:
            text = "\n".join(message.content for message in decode(line).messages)
            yield WORD.findall(text.lower())


def shingles(words: list[str]) -> list[str]:
    """Word trigrams; a shorter text is one."""
    count = max(len(words) - WORDS + 1, 1)
    return [" ".join(words[place : place + WORDS]) for place in range(count)]


def rensa(path: Path) -> Iterator[int]:
    """RMinHash and its LSH, each candidate checked by the estimate of the signatures."""
    from rensa import RMinHash, RMinHashLSH

    index, kept = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS), {}
    for row, words in enumerate(word_lists(path)):
        made = RMinHash(PERMUTATIONS, 42)
        made.update(shingles(words))
        if any(made.jaccard(kept[near]) >= THRESHOLD for near in index.query(made)):
            yield row
        else:
            index.insert(row, made)
            kept[row] = made


def gaoya(path: Path) -> Iterator[int]:
    """Its string index, which cuts and compares by itself."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(
        32, THRESHOLD, BANDS, ROWS, None, "word", True, (WORDS, WORDS), "smallvec"
    )
    for row, words in enumerate(word_lists(path)):
        text = " ".join(words)
        if index.query(text):
            yield row
        else:
            index.insert_document(row, text)


def datasketch(path: Path) -> Iterator[int]:
    """MinHash in bulk and its LSH, each candidate checked by the estimate of the signatures."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    kept = {}
    sets = ([part.encode() for part in shingles(words)] for words in word_lists(path))
    for row, made in enumerate(MinHash.generator(sets, num_perm=PERMUTATIONS)):
        if any(made.jaccard(kept[near]) >= THRESHOLD for near in index.query(made)):
            yield row
        else:
            index.insert(row, made, check_duplication=False)
            kept[row] = made


def datatrove(path: Path) -> Iterator[int]:
    """Its stages on disk, one worker, words cut by `str.split`."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Split(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    config = MinhashConfig(
        n_grams=WORDS,
        num_buckets=BANDS,
        hashes_per_bucket=ROWS,
        hash_config=HashConfig(precision=64),
    )
    with tempfile.TemporaryDirectory() as folder:
        texts = (" ".join(words) for words in word_lists(path))
        documents = (Document(text=text, id=str(row)) for row, text in enumerate(texts))
        signatures = MinhashDedupSignature(f"{folder}/signatures", config=config, language=Split())
        signatures.run(documents)
        for bucket in range(BANDS):
            stage = MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)
            stage.run(rank=bucket, world_size=BANDS)
        MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove", config=config).run()
        yield from np.fromfile(f"{folder}/remove/000000.remove", "<u4").tolist()


def main() -> None:
    """Run the library that the arguments name."""
    library, path, fallen = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    found = {"rensa": rensa, "gaoya": gaoya, "datasketch": datasketch, "datatrove": datatrove}
    before = cpu_s()
    rows = np.fromiter(found[library](path), np.int64)
    took = cpu_s() - before
    rows.tofile(fallen)
    print(json.dumps({"cpu_s": took, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
