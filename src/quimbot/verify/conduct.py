"""How a tutor behaves where nothing has to be recast: its tone, its restraint, its attention.

Each check begins as the move verifier does with a turn that holds no error: the reply must keep the
talk going (ask, stay on topic, stay short) and not correct openly. Then comes what it is about.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from quimbot.pedagogy.words import is_content, stem, word_set
from quimbot.records.record import Evidence, Move, Verdict
from quimbot.verify import wording
from quimbot.verify.scaffolding import judge
from quimbot.verify.turns import DO, SPELLED_ALIKE, Turn, prepare

Span = tuple[int, int]

_HARSH = re.compile(
    r"\b(?:stupid|dumb|idiot\w*|lazy|ridiculous|embarrassing|hopeless|pathetic|shut up|nonsense|"
    r"(?:bad|poor|terrible|awful|broken|weak) (?:english|grammar|spelling|writing|sentence|answer)|"
    r"your (?:english|grammar|spelling|writing) is (?:\w+ )?"
    r"(?:bad|poor|terrible|awful|weak|wrong|not good)|"
    r"you (?:should|must|ought to) (?:already |really )?know (?:this|that|better)|"
    r"(?:study|try) harder|pay (?:more )?attention|"
    r"(?:that|it|this)(?:'s| is) (?:so |very )?(?:easy|obvious|simple)|"
    r"you (?:always|never) (?:get|make|learn|listen))\b",
    re.IGNORECASE,
)
_ECHO = 0.6  # share of a reply's sentence that must be the learner's words to count as their echo
_FEWEST = 3  # words that the two must share
_SMALL = word_set("a an the in on at to of for from with by into about")
_FORMS = word_set("am is are was were be been has have had do does did will would")
_SAID_AGAIN = 0.8
_SHORT = 4  # words below which saying something twice is small talk


def tone(learner: str, reply: str) -> Verdict:
    """Friendly: no correction in the open, no talk of grammar, nothing that puts a learner down."""
    harsh = [
        match.span() for match in _HARSH.finditer(reply) if match[0].lower() not in learner.lower()
    ]
    grammar = wording.grammar_terms(reply, (learner,))
    return _then(
        judge(learner, (), reply, Move.RECAST),
        ("red-pen", wording.turned_down(reply, learner)),
        ("harsh", harsh),
        ("grammar-term", grammar),
    )


def no_error(learner: str, reply: str) -> Verdict:
    """Nothing was wrong, and nothing is put right: neither openly nor by a changed echo."""
    return _then(
        judge(learner, (), reply, Move.RECAST),
        ("red-pen", wording.turned_down(reply, learner)),
        ("grammar-term", wording.grammar_terms(reply, (learner,))),
        ("elicits", wording.elicits(reply, (learner,))),
        ("invented-correction", list(inventions(prepare(learner), prepare(reply)))),
    )


def flow(learner: str, corrections: Sequence[str], earlier: Sequence[str], reply: str) -> Verdict:
    """The talk goes on: errors of the last turn are recast, and the tutor says nothing twice.

    `earlier` is what the tutor said before.
    """
    return _then(
        judge(learner, corrections, reply, Move.RECAST),
        ("says-again", list(_again(earlier, prepare(reply)))),
    )


def inventions(learner: Turn, reply: Turn) -> Iterator[Span]:
    """Where a reply says the learner's own words back with another form or small word in them.

    Words put in another order, left out or added are a paraphrase; one that stands between the
    learner's words in place of its own form, of a preposition or of an article is a correction.
    """
    for sentence in dict.fromkeys(reply.sentences):
        places = [at for at, number in enumerate(reply.sentences) if number == sentence]
        said = [reply.said[at] for at in places]
        blocks = SequenceMatcher(None, learner.said, said, autojunk=False).get_matching_blocks()
        shared = sum(block.size for block in blocks)
        if shared < max(_FEWEST, _ECHO * len(said)):
            continue
        asked = bool(DO & set(said))
        for left, right in pairwise(blocks):
            own = learner.said[left.a + left.size : right.a]
            put = said[left.b + left.size : right.b]
            if _corrects(own, tuple(put), asked=asked):
                last = places[min(right.b, len(places) - 1)]
                yield reply.characters(places[left.b + left.size - 1], last + 1)


def _corrects(own: Sequence[str], put: Sequence[str], *, asked: bool) -> bool:
    if len(own) > 1 or len(put) > 1:
        return False
    if not own or not put:  # a small word put in or taken out
        return bool(_SMALL & {*own, *put})
    one, other = own[0], put[0]
    if {one, other} <= _SMALL or {one, other} <= _FORMS:
        return True
    if not (is_content(one) and is_content(other)):
        return False
    spelled = SequenceMatcher(None, one, other).ratio() >= SPELLED_ALIKE
    return spelled or (not asked and stem(one) == stem(other))


def _again(earlier: Sequence[str], reply: Turn) -> Iterator[Span]:
    """Sentences of the reply that the tutor has said before, word by word or nearly."""
    before = [words for text in earlier for _, words in _sentences(prepare(text))]
    for span, words in _sentences(reply):
        if len(words) >= _SHORT and any(
            SequenceMatcher(None, words, old, autojunk=False).ratio() >= _SAID_AGAIN
            for old in before
        ):
            yield span


def _sentences(turn: Turn) -> Iterator[tuple[Span, tuple[str, ...]]]:
    for sentence in dict.fromkeys(turn.sentences):
        places = [at for at, number in enumerate(turn.sentences) if number == sentence]
        yield (
            turn.characters(places[0], places[-1] + 1),
            tuple(turn.said[at] for at in places),
        )


def _then(verdict: Verdict, *found: tuple[str, Sequence[Span]]) -> Verdict:
    """The verdict with more checks; what they found is evidence, and the first is the reason."""
    reason = verdict.reason or next((slug for slug, spans in found if spans), "")
    evidence = [
        Evidence(start=start, end=end, label=slug.replace("-", "_"))
        for slug, spans in found
        for start, end in spans
    ]
    return Verdict(
        passed=not reason,
        reason=reason,
        level=verdict.level,
        score=verdict.score,
        evidence=(*verdict.evidence, *evidence),
    )
