"""Whether a judge is asked about its own kind: models tend to favour what they might have said."""

import re
from collections.abc import Iterable
from pathlib import Path

from quimbot.evaluate.entrants import local_folder
from quimbot.runtimes.adapter import CONFIG, read_adapter
from quimbot.runtimes.connect import is_endpoint


def kin(judge: str, judged: Iterable[str]) -> tuple[str, ...]:
    """The judged addresses whose model bears the judge's family name, such as `qwen`; in order.

    A name that a server made up, such as `tutor`, gives nothing away.
    """
    own = _family(judge)
    return tuple(address for address in dict.fromkeys(judged) if own and _family(address) == own)


def _family(address: str) -> str:
    """The letters that a model's name begins with."""
    name = re.split(r"[/:]", _model(address))[-1]
    letters = re.match(r"[a-z]+", name.lower())
    return letters[0] if letters else ""


def _model(address: str) -> str:
    """The model behind an address: an adapter's is its base."""
    if is_endpoint(address):
        return address.partition("#")[2]
    folder = local_folder(address)
    adapted = folder is not None and (folder / CONFIG).is_file()
    return read_adapter(Path(folder)).base if folder and adapted else address
