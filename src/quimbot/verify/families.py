"""Families of learner turns: what must not stand in training and in held-out data at once.

Records are of one family that have the same `family` tag (dialogues made from one seed), or the
same learner turn, or near ones: a model that has seen "Yesterday I go to the store." is not tested
on "Yesterday I go to the shop." The turns that count are a dialogue's first, and each whose error a
lesson answers; what is said later in passing ("Yes, with my sister.") joins nobody.
"""

from collections.abc import Iterator, Sequence

from quimbot.records.record import Record
from quimbot.records.texts import first_turn
from quimbot.verify.near_duplicates import NearDuplicates

NEAR = 0.7
"""Overlap of word pairs (Jaccard) from which two learner turns are of one family."""


def families(records: Sequence[Record], threshold: float = NEAR) -> list[str]:
    """The name of each record's family: the least of its members' ids, whatever their order."""
    turns, groups, owners = [], [], []
    for place, record in enumerate(records):
        # A record without the tag stands alone; the prefix keeps its number from being a tag.
        group = f"tag {record.tags['family']}" if "family" in record.tags else f"record {place}"
        for turn in _taught(record):
            turns.append(turn)
            groups.append(group)
            owners.append(place)
    labels = NearDuplicates(threshold=threshold).components(turns, groups).tolist()
    of = dict(zip(owners, labels, strict=True))
    names: dict[int, str] = {}
    for place, record in enumerate(records):
        names[of[place]] = min(names.get(of[place], record.id), record.id)
    return [names[of[place]] for place in range(len(records))]


def _taught(record: Record) -> Iterator[str]:
    """The learner turns that a dialogue teaches on."""
    yield first_turn(record)
    for lesson in record.lessons:
        if 0 < lesson.turn < len(record.messages):
            yield record.messages[lesson.turn - 1].content
