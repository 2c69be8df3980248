"""A server that is killed in the middle of a reply: what its turn showed is not lost."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

from live_server import Puppet, tutor

from quimbot.pedagogy.events import Began, Moved, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import learner_of
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.gate import Gate
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Outcome, Tutoring

_PROGRAM = """
import asyncio, sys
from live_server import Puppet, tutor
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.gate import Gate
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Tutoring

place, talk = sys.argv[1:]
puppet = Puppet(["Oh, you went to the market! ", *["Nice. "] * 1000], pause_s=0.05)

async def answer(store):
    person = store.people.local()
    tutoring = Tutoring(store, Gate(at_once=1, waiting=0))
    text = "Yesterday I go to the market."
    async for piece in tutoring.answer(person, talk, tutor(puppet), text, Sampling()):
        print(piece, flush=True)

with Store.open(place) as store:
    asyncio.run(answer(store))
"""


def test_the_turn_of_a_reply_that_was_killed_counts_for_the_learner(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    with Store.open(place) as store:
        person = store.people.local()
        talk = store.conversations.begin(person.id, "tutor").id
    command = [sys.executable, "-c", _PROGRAM, str(place), talk]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        read = process.stdout.readline().strip()
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with Store.open(place) as store:
        reply = store.conversations.turns(person.id, talk)[-1]
        assert reply.state == "partial"
        assert reply.text.startswith(read)
        happened = store.events.of(person.id)
        kept = {type(event) for event in happened}
        assert kept >= {Began, Noticed, Moved}
        assert learner_of(person.profile, happened).progress(Kind.TENSE).errors == 1

        async def go_on() -> Outcome:
            tutoring = Tutoring(store, Gate(at_once=1, waiting=0))
            words = "Yes, I went to the market with my mother."
            asked = tutoring.answer(person, talk, tutor(Puppet()), words, Sampling())
            async with aclosing(asked) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Outcome):
                        return piece
            raise AssertionError("it did not end")

        outcome = asyncio.run(go_on())
        assert outcome.uptake == "repair"
        assert [event.kind for event in outcome.events if isinstance(event, TookUp)] == [Kind.TENSE]
