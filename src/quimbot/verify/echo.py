"""Whether a reply says the learner's words back corrected.

A correction counts as recast only in the learner's context: the corrected words must stand beside
words of the learner's own. "What do you study there?" reuses a form; "So you study biology?" is
a recast.
"""

from quimbot.verify.repairs import another_repair
from quimbot.verify.slots import Found, find_gap, find_words
from quimbot.verify.turns import Change, Turn


def find(change: Change, correction: Turn, reply: Turn) -> Found:
    """Look for one corrected edit in the reply."""
    found = (
        find_words(change.right, change, correction, reply)
        if change.right
        else find_gap(change, correction, reply)
    )
    if found[0] == "recast":
        return found
    return another_repair(change, correction, reply) or found
