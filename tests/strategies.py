"""Hypothesis strategies for records and the texts in them."""

from hypothesis import strategies as st

from quimbot.records.record import (
    Evidence,
    Lesson,
    Message,
    Move,
    Provenance,
    Record,
    Verdict,
)

WORDS = ("i", "go", "went", "to", "the", "store", "yesterday", "my", "sister", "is", "very", "nice")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
"""Any text that UTF-8 can carry."""

sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
"""Learner-like lines over few words, so that many are near each other."""

slugs = st.text("abcdefghij-", min_size=1, max_size=8)

evidences = st.builds(Evidence, start=st.integers(0, 99), end=st.integers(0, 99), label=slugs)

verdicts = st.builds(
    Verdict,
    passed=st.booleans(),
    reason=slugs,
    level=st.sampled_from(["", "recast", "form", "none"]),
    score=st.none() | st.floats(0, 1),
    evidence=st.lists(evidences, max_size=2).map(tuple),
)

provenances = st.builds(
    Provenance,
    source=slugs,
    licence=st.sampled_from(["MIT", "Apache-2.0", "unknown"]),
    origin=texts,
    author=st.sampled_from(["", "rules", "people"]),
    parents=st.lists(slugs, max_size=2).map(tuple),
)

tags = st.dictionaries(st.sampled_from(["l1", "level", "family", "stage"]), slugs, max_size=3)


@st.composite
def records(draw: st.DrawFn, content: st.SearchStrategy[str] = texts) -> Record:
    """Chats of one to three exchanges, with or without system message and lessons."""
    exchanges = draw(st.lists(st.tuples(content, content), min_size=1, max_size=3))
    messages = [Message(role="system", content=draw(content))] if draw(st.booleans()) else []
    lessons = []
    for learner, reply in exchanges:
        messages += [
            Message(role="user", content=learner),
            Message(role="assistant", content=reply),
        ]
        if draw(st.booleans()):
            lessons.append(
                Lesson(
                    turn=len(messages) - 1,
                    move=draw(st.sampled_from(Move)),
                    corrections=(draw(content),),
                    error_types=tuple(draw(st.lists(slugs, max_size=2))),
                    verdict=draw(st.none() | verdicts),
                )
            )
    return Record(
        messages=tuple(messages),
        lessons=tuple(lessons),
        provenance=draw(provenances),
        tags=draw(tags),
    )
