"""Seeds on the disk come back as they were, in the order that a list of them would have."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from quimbot.generate.shelf import Shelf
from quimbot.pedagogy.seed import Seed

SEEDS = st.lists(
    st.builds(
        Seed,
        learner=st.text(),
        corrections=st.lists(st.text(), max_size=2).map(tuple),
        family=st.text(),
    ),
    max_size=12,
)


@given(SEEDS, st.integers(0, 9))
def test_it_is_as_a_list_would_be(seeds: list[Seed], seed: int) -> None:
    shelf = Shelf()
    for number, each in enumerate(seeds, start=1):
        shelf.put(each)
        assert len(shelf) == number
        assert list(shelf) == seeds[:number]
    for place in range(0, len(seeds), 2):  # put in the place of another
        shelf.put(seeds[0], place)
        seeds[place] = seeds[0]
    assert list(shelf) == seeds
    shelf.shuffle(Random(seed))
    Random(seed).shuffle(seeds)
    assert list(shelf) == list(shelf) == seeds
    shelf.keep(range(len(seeds) - 1, -1, -3))
    assert list(shelf) == seeds[::-3]
