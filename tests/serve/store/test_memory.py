"""A store that nothing is written of."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quimbot.serve.store.database import open_memory
from quimbot.serve.store.store import Store


def test_threads_may_read_and_write_it_and_no_file_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(open_memory(), time.time)
    person = store.people.add("Ana")
    talk = store.conversations.begin(person.id, "tutor").id

    def say(number: int) -> int:
        store.conversations.add_turn(person.id, talk, "user", str(number))
        return len(store.conversations.turns(person.id, talk))

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(say, range(64)))
    assert max(seen) == 64
    assert list(tmp_path.iterdir()) == []
    assert Store(open_memory(), time.time).people.owned() is False
