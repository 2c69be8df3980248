"""Corpora on the Hugging Face hub, streamed: nothing is downloaded whole."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from quimbot.exceptions import DataError
from quimbot.sources.source import RawRow


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A corpus that we know by a short name."""

    address: str
    licence: str


CORPORA = {
    "lmsys": Corpus(address="lmsys/lmsys-chat-1m", licence="LMSYS-Chat-1M"),
    "magpie": Corpus(address="Magpie-Align/Magpie-Llama-3.1-Pro-300K-Filtered", licence="llama3.1"),
    "prosocial": Corpus(address="allenai/prosocial-dialog", licence="CC-BY-4.0"),
}
"""The corpora of the Stage-1 mix."""


class HubSource:
    """A hub dataset by its `owner/name`, or one of `CORPORA` by its short name."""

    def __init__(self, name: str, *, split: str = "train", licence: str = "") -> None:
        corpus = CORPORA.get(name)
        self.name = name
        self.address = corpus.address if corpus else name
        self.split = split
        self.licence = licence or (corpus.licence if corpus else "")

    def rows(self) -> Iterator[RawRow]:
        """The rows of the split, in the hub's order."""
        try:
            datasets = importlib.import_module("datasets")
        except ImportError:
            raise DataError(
                f"{self.address}: reading from the hub needs an extra; "
                "run pip install 'quimbot[hub]'"
            ) from None
        try:
            stream = datasets.load_dataset(self.address, split=self.split, streaming=True)
            for index, row in enumerate(stream):
                yield RawRow(f"{self.address}@{self.split}:{index}", row)
        except (OSError, ValueError, datasets.exceptions.DatasetsError) as fault:
            # The library knows offline, absent and gated only by class and text.
            raise DataError(f"{self.address}: {self._advice(fault)}") from None

    def _advice(self, fault: Exception) -> str:
        """What went wrong and what to do about it, in one line."""
        text = " ".join(str(fault).split())
        page = f"https://huggingface.co/datasets/{self.address}"
        if "gated" in text or "401" in text or "403" in text:
            return (
                f"is gated; ask for access at {page}, then run hf auth login "
                "with the account that was let in"
            )
        if type(fault).__name__ == "DatasetNotFoundError":
            return f"no such dataset on the hub; see whether {page} opens"
        if isinstance(fault, ValueError):
            return f"{text[:200]}; check the split {self.split!r} at {page}"
        return (
            f"the hub cannot be reached ({text[:120]}); "
            "check the network, or pull a local copy of the files"
        )
