"""Hub corpora are streamed under their address, and every refusal says what to do."""

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from quimbot.exceptions import DataError
from quimbot.sources.hub import HubSource


class DatasetsError(Exception):
    """Stands for the library's own base class."""


class DatasetNotFoundError(DatasetsError, FileNotFoundError):
    """Stands for the library's own."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A stand-in for `datasets`: `rows` are streamed, `fault` is raised, `asked` is noted."""
    state: dict[str, Any] = {"rows": [], "fault": None, "asked": None}

    def load_dataset(address: str, *, split: str, streaming: bool) -> Iterator[dict[str, Any]]:
        assert streaming
        state["asked"] = (address, split)
        if state["fault"]:
            raise state["fault"]
        return iter(state["rows"])

    module = ModuleType("datasets")
    module.load_dataset = load_dataset  # type: ignore[attr-defined] # a stand-in
    module.exceptions = SimpleNamespace(DatasetsError=DatasetsError)  # type: ignore[attr-defined] # a stand-in
    monkeypatch.setitem(sys.modules, "datasets", module)
    return state


def test_rows_are_streamed_with_their_place(hub: dict[str, Any]) -> None:
    hub["rows"] = [{"a": 1}, {"a": 2}]
    source = HubSource("lmsys")
    found = list(source.rows())
    assert hub["asked"] == ("lmsys/lmsys-chat-1m", "train")
    assert [raw.origin for raw in found] == [
        "lmsys/lmsys-chat-1m@train:0",
        "lmsys/lmsys-chat-1m@train:1",
    ]
    assert source.licence == "LMSYS-Chat-1M"
    assert HubSource("owner/name", licence="MIT").licence == "MIT"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            DatasetNotFoundError("Dataset 'x' is a gated dataset on the Hub. You must log in."),
            r"is gated; ask for access at https://huggingface.co/datasets/owner/name, then run hf",
        ),
        (
            DatasetNotFoundError("Dataset 'x' doesn't exist on the Hub or cannot be accessed."),
            r"no such dataset on the hub; see whether https://",
        ),
        (ValueError('Unknown split "tset".\nShould be one of'), r"check the split 'train'"),
        (ConnectionError("Couldn't reach the Hub\n(offline)"), r"the hub cannot be reached"),
    ],
)
def test_refusals_are_one_line(hub: dict[str, Any], fault: Exception, says: str) -> None:
    hub["fault"] = fault
    with pytest.raises(DataError, match=says) as caught:
        list(HubSource("owner/name").rows())
    assert "\n" not in str(caught.value)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"lmsys-chat-1m: .*pip install 'quimbot\[hub\]'"):
        list(HubSource("lmsys").rows())
