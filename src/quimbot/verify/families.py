"""Families of learner turns: what must not stand in training and in held-out data at once.

Records are of one family that have the same `family` tag (dialogues made from one seed), or the
same learner turn, or near ones: a model that has seen "Yesterday I go to the store." is not tested
on "Yesterday I go to the shop." The turns that count are a dialogue's first, and each whose error a
lesson answers; what is said later in passing ("Yes, with my sister.") joins nobody.
"""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from quimbot.records.record import Record
from quimbot.records.texts import fingerprint, first_turn
from quimbot.verify.kernels import Hashes
from quimbot.verify.near_duplicates import NearDuplicates
from quimbot.verify.shingles import shingle

NEAR = 0.7
"""Overlap of word pairs (Jaccard) from which two learner turns are of one family."""


def families(records: Iterable[Record], threshold: float = NEAR) -> Hashes:
    """The name of each record's family: the least of its members' ids, as a number.

    The records are read once and let go; what stays is some bytes a word of their learner turns.
    """
    near = NearDuplicates(threshold=threshold)
    ids, groups, firsts = array("Q"), array("Q"), array("q")

    def turns() -> Iterator[str]:
        for place, record in enumerate(records):
            tag = record.tags.get("family")
            # A record without the tag stands alone, under its number; a tag's hash meets none.
            group = place if tag is None else fingerprint(f"family {tag}")
            ids.append(int(record.id, 16))
            firsts.append(len(groups))
            for turn in taught(record):
                groups.append(group)
                yield turn

    sets = shingle(turns(), near.words)
    labels = near.joined(sets, np.array(groups, np.uint64))[np.array(firsts, np.int64)]
    least = np.full(len(sets.whole), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, labels, np.array(ids, np.uint64))
    return least[labels]


def taught(record: Record) -> Iterator[str]:
    """The learner turns that a dialogue teaches on."""
    yield first_turn(record)
    for lesson in record.lessons:
        if 0 < lesson.turn < len(record.messages):
            yield record.messages[lesson.turn - 1].content
