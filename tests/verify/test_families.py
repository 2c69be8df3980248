"""A family is a tag, a turn or a near turn, and every turn that a lesson answers counts."""

from quimbot.records.record import Lesson, Message, Move, Provenance, Record, Role
from quimbot.verify.families import families


def chat(*turns: str, family: str = "", taught: int | None = None) -> Record:
    """Learner and tutor in turn; `taught` is the place of the reply that a lesson is about."""
    roles: tuple[Role, ...] = ("user", "assistant") * len(turns)
    lessons = (Lesson(turn=taught, move=Move.RECAST, corrections=("x",)),) if taught else ()
    return Record(
        messages=tuple(Message(role=r, content=t) for r, t in zip(roles, turns, strict=False)),
        lessons=lessons,
        provenance=Provenance(source="test", licence="MIT"),
        tags={"family": family} if family else {},
    )


def test_tags_turns_and_near_turns_join() -> None:
    rows = [
        chat("Yesterday I go to the big old store with Ann", "Oh?"),
        chat("Yesterday I go to the big old store with Bob", "When?", family="f"),
        chat("Quite other words", "Yes", family="f"),
        chat("quite OTHER words!", "No"),
        chat("Nothing like it", "No"),
    ]
    names = families(rows).tolist()
    assert names[0] == names[1] == names[2] == names[3] != names[4]
    assert families(rows[::-1]).tolist() == names[::-1]
    assert names == [min(int(row.id, 16) for row in rows[:4])] * 4 + [int(rows[4].id, 16)]


def test_a_later_turn_joins_when_a_lesson_answers_it() -> None:
    first = chat("I goes to school by bus", "You go by bus? Since when?")
    later = ("Hello you", "Hello", "I goes to school by bus", "You go by bus?")
    assert len(set(families([first, chat(*later, taught=3)]).tolist())) == 1
    assert len(set(families([first, chat(*later)]).tolist())) == 2
