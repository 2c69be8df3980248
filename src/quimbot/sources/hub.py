"""Corpora on the Hugging Face hub, streamed: nothing is downloaded whole."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from quimbot.exceptions import DataError
from quimbot.records.raw import RawRow


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus that we know by a short name."""

    address: str
    licence: str
    """Empty where its page names none."""


CORPORA = {
    "lmsys": Corpus(address="lmsys/lmsys-chat-1m", licence="LMSYS-Chat-1M"),
    "magpie": Corpus(address="Magpie-Align/Magpie-Llama-3.1-Pro-300K-Filtered", licence="llama3.1"),
    "prosocial": Corpus(address="allenai/prosocial-dialog", licence="CC-BY-4.0"),
    "latam-ultrachat": Corpus(address="latam-gpt/es-ultrachat", licence=""),
    "latam-smoltalk": Corpus(address="latam-gpt/es-smoltalk", licence=""),
}
"""The corpora of the Stage-1 mix, and Spanish ones for Stage 2."""


class HubSource:
    """A hub dataset by its `owner/name`, or one of `CORPORA` by its short name."""

    def __init__(
        self, name: str, *, split: str = "train", revision: str = "", licence: str = ""
    ) -> None:
        corpus = CORPORA.get(name)
        self.name = name
        self.address = corpus.address if corpus else name
        self.split = split
        self.revision = revision
        self.licence = licence or (corpus.licence if corpus else "")
        self._stream: Any = None

    def pin(self) -> None:
        """Make the revision, a branch or a tag or none, the commit that it is now.

        Raises:
            DataError: the hub cannot be reached, or there is no such dataset or revision.
        """
        hub = self._library("huggingface_hub")
        with self._told():
            info = hub.HfApi().dataset_info(self.address, revision=self.revision or None)
        self.revision = info.sha

    def rows(self, begin: int = 0, place: dict[str, Any] | None = None) -> Iterator[RawRow]:
        """The rows of the split, in the hub's order, on from where `place` was told.

        Raises:
            DataError: they cannot be read; what to do is said.
        """
        datasets = self._library("datasets")
        with self._told():
            self._stream = datasets.load_dataset(
                self.address, split=self.split, revision=self.revision or None, streaming=True
            )
            if place:
                self._stream.load_state_dict(place)
            for index, row in enumerate(self._stream, begin):
                yield RawRow(f"{self.address}@{self.split}:{index}", row)

    def place(self) -> dict[str, Any]:
        """Where the stream stands: after the last row that it gave."""
        place: dict[str, Any] = self._stream.state_dict()
        return place

    def _library(self, name: str) -> Any:  # noqa: ANN401 - it is an extra
        try:
            return importlib.import_module(name)
        except ImportError:
            raise DataError(
                f"{self.address}: reading from the hub needs an extra; "
                "run pip install 'quimbot[hub]'"
            ) from None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the libraries raise, as one line that says what to do."""
        # The base of all that its HTTP library raises, whichever library that is.
        unreached = self._library("huggingface_hub.errors").HTTPError
        broken = self._library("datasets").exceptions.DatasetsError
        try:
            yield
        except DataError:
            raise
        except (OSError, ValueError, unreached, broken) as fault:
            raise DataError(f"{self.address}: {self._advice(fault)}") from None

    def _advice(self, fault: Exception) -> str:
        """What went wrong and what to do about it; the libraries tell it by class and text only."""
        text = " ".join(str(fault).split())
        names = {kind.__name__ for kind in type(fault).__mro__}
        page = f"https://huggingface.co/datasets/{self.address}"
        if "GatedRepoError" in names or "gated dataset" in text:
            return (
                f"is gated; open {page} with your account and agree to its terms, make a read "
                "token at https://huggingface.co/settings/tokens, run hf auth login with it, "
                "and pull again"
            )
        if "RevisionNotFoundError" in names:
            return f"has no revision {self.revision!r}; see {page}/tree/main for those that it has"
        if names & {"DatasetNotFoundError", "RepositoryNotFoundError"}:
            return (
                f"no such dataset on the hub, or a private one; see whether {page} opens, "
                "and run hf auth login if it opens only for your account"
            )
        if isinstance(fault, ValueError):
            return f"{text[:200]}; check the split {self.split!r} at {page}"
        return (
            f"the hub cannot be reached ({text[:120]}); "
            "check the network, or pull a local copy of the files"
        )
