"""When a kind should come back: FSRS on kinds of error instead of flash cards.

The clock is passed in and nothing is drawn by chance, so the same events give the same dates.
"""

from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler

_SCHEDULER = Scheduler(
    desired_retention=0.85,
    learning_steps=(timedelta(minutes=10),),
    relearning_steps=(timedelta(minutes=10),),
    enable_fuzzing=False,
)


def reviewed(card: Card | None, rating: Rating, at: float) -> Card:
    """The card after a review `at` seconds since 1970; `None` is a kind never seen before.

    A clock that went back counts as standing still.
    """
    when = _moment(at)
    if card is None:
        card = Card(card_id=0, due=when)  # an id of its own choice would wait for the clock
    elif card.last_review is not None:
        when = max(when, card.last_review)
    return _SCHEDULER.review_card(card, rating, when)[0]


def due_at(card: Card) -> float:
    """When it should come back, in seconds since 1970."""
    return card.due.timestamp()


def recall(card: Card, at: float) -> float:
    """How likely it is still known `at` seconds since 1970, as FSRS sees it."""
    return _SCHEDULER.get_card_retrievability(card, _moment(at))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
