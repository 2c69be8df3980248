"""What is known well returns later; the clock is the caller's."""

from fsrs import Rating
from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.spacing import due_at, recall, reviewed

DAY = 86400.0
ratings = st.lists(
    st.tuples(st.sampled_from(list(Rating)), st.floats(-1, 40)), min_size=1, max_size=8
)


def test_easier_means_later_and_an_error_returns_in_ten_minutes() -> None:
    dates = [due_at(reviewed(None, rating, 0.0)) for rating in Rating]
    assert dates == sorted(dates)
    assert dates[0] == 600.0
    assert dates[3] > 8 * DAY


def test_a_reviewed_card_is_another_one_and_recall_fades() -> None:
    card = reviewed(None, Rating.Good, 0.0)
    again = reviewed(card, Rating.Good, 3 * DAY)
    assert card == reviewed(None, Rating.Good, 0.0)
    assert due_at(again) - 3 * DAY > due_at(card)
    assert recall(card, DAY) > recall(card, 30 * DAY)


@given(ratings)
def test_the_same_reviews_give_the_same_date_never_before_the_last(
    steps: list[tuple[Rating, float]],
) -> None:
    def run() -> float:
        at, card = 1.7e9, None
        for rating, days in steps:  # the clock may go back
            at += days * DAY
            card = reviewed(card, rating, at)
            assert due_at(card) > at
        assert card
        return due_at(card)

    assert run() == run()
