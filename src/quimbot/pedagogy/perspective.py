"""Who speaks: a learner's "I was at my school" is a tutor's "you were at your school".

Both sides are turned to face the learner before they are compared. Questions come back the other
way ("do you like…" becomes "do I like…"), so first and second person fall together.
"""

from collections.abc import Sequence

_FACING = {
    **dict.fromkeys(("i", "me", "we", "us", "you"), "you"),
    **dict.fromkeys(("my", "our", "your"), "your"),
    **dict.fromkeys(("mine", "ours", "yours"), "yours"),
    **dict.fromkeys(("myself", "ourselves", "yourself", "yourselves"), "yourself"),
    "am": "are",
}


def facing(words: Sequence[str]) -> list[str]:
    """The words in lower case, spoken to the learner; one word for each, in order.

    "was" becomes "were" beside "I" only: "you was" stays the error that it is.
    """
    low = [word.lower() for word in words]
    turned = [_FACING.get(word, word) for word in low]
    for place, word in enumerate(low):
        if word == "was" and "i" in (low[max(place - 1, 0)], *low[place + 1 : place + 2]):
            turned[place] = "were"
    return turned
