"""All tutors of a run for one vLLM server: its adapters, its command, and who is where."""

import re
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, ModelError
from quimbot.export.card import card
from quimbot.export.chat_template import template
from quimbot.records.jsonl import write_json
from quimbot.runtimes.adapter import PEFT_FILES, Adapter
from quimbot.runtimes.chat_format import Style, thinks
from quimbot.runtimes.connect import Local, find_local, is_local
from quimbot.runtimes.gguf import read_config
from quimbot.runtimes.models import ModelFiles

TUTORS = "tutors.json"
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What `--max-lora-rank` may be."""

_CONTEXT = 4096
_TEMPLATE = "chat_template.jinja"
_SCRIPT = """\
#!/bin/sh
# One vLLM server for all these tutors; when it is up, `quimbot serve` on this folder serves them.
# BASE names the base model's folder where the hub cannot be reached; whatever stands behind this
# script's name is passed on, such as --gpu-memory-utilization 0.8.
#
# There is one slot for adapters more than there are adapters: without it, vLLM on CPU takes a chat
# of the base for one of the last adapter whenever both are in a batch.
set -e
cd "$(dirname "$0")"
export VLLM_API_KEY="${{QUIMBOT_API_KEY:-}}"
[ -n "$BASE" ] || BASE={base}
exec vllm serve "$BASE" \\
{flags}
  "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What one server holds."""

    base: ModelFiles
    base_name: str
    """What requests call the base."""
    adapters: Mapping[str, Adapter]
    """By the names that requests give them."""
    style: Style

    def name_of(self, local: Local) -> str:
        """What requests call a model of this machine."""
        names = {_place(adapter): name for name, adapter in self.adapters.items()}
        return names[_place(local.adapter)] if local.adapter else self.base_name

    def command(self, port: int) -> str:
        """The script that starts the server."""
        longest = read_config(self.base.folder).get("max_position_embeddings", _CONTEXT)
        rank = min(at for at in RANKS if at >= max(a.rank for a in self.adapters.values()))
        modules = " ".join(shlex.quote(f"{name}=adapters/{name}") for name in self.adapters)
        flags = {
            "served-model-name": shlex.quote(self.base_name),
            "host": "127.0.0.1",
            "port": port,
            "enable-lora": "",
            "lora-modules": modules,
            "max-loras": len(self.adapters) + 1,
            "max-lora-rank": rank,
            "max-model-len": min(_CONTEXT, longest),
            "chat-template": _TEMPLATE,
            "generation-config": "vllm",  # else the model's own sampling holds where ours is silent
        }
        lines = (f"  --{name} {value}".rstrip() + " \\" for name, value in flags.items())
        folder = Path(self.base.name).expanduser()
        base = str(folder.resolve()) if folder.is_dir() else self.base.name
        return _SCRIPT.format(base=shlex.quote(base), flags="\n".join(lines))


def write_vllm(address: str, folder: Path, *, port: int, licence: str, usage: str) -> str:
    """Write the adapters with their cards, the launch command and a list of tutors who are there.

    Gives what the server holds, in words.

    Raises:
        DataError: the run folder's list of tutors is not what it must be.
        ModelError: a tutor cannot be found, or not be served by vLLM as it was trained.
    """
    tutors = _listed(address)
    here = {at: find_local(at) for tutor in tutors if is_local(at := str(tutor["address"]))}
    fleet = _fleet(address, [(str(t["name"]), here.get(str(t["address"]))) for t in tutors])
    for name, adapter in fleet.adapters.items():
        to = folder / "adapters" / name
        to.mkdir(parents=True)
        for file in PEFT_FILES:
            shutil.copy(adapter.folder / file, to)
        text = card(adapter, fleet.base.name, licence, usage)
        (to / "README.md").write_text(text, encoding="utf-8")
    (folder / _TEMPLATE).write_text(template(fleet.style), encoding="utf-8")
    script = folder / "serve.sh"
    script.write_text(fleet.command(port), encoding="utf-8")
    script.chmod(0o755)
    for tutor in tutors:
        if local := here.get(str(tutor["address"])):
            tutor["address"] = f"http://127.0.0.1:{port}/v1#{fleet.name_of(local)}"
    write_json(folder / TUTORS, tutors)
    return f"{len(fleet.adapters)} adapters on {fleet.base.name}"


class _Named(msgspec.Struct):
    name: str
    address: str


def _listed(address: str) -> list[dict[str, object]]:
    """The tutors of a run folder as they are listed there, or those of a single adapter."""
    folder = Path(address)
    path = folder / TUTORS
    if not path.is_file():
        adapter = find_local(address).adapter
        names = {"tutor": address} | ({"base": adapter.base} if adapter else {})
        return [{"name": name, "address": at} for name, at in names.items()]
    try:
        tutors = msgspec.json.decode(path.read_bytes(), type=list[dict[str, object]])
        named = msgspec.convert(tutors, list[_Named])
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise DataError(f"{path}: {fault}; run the pipeline again to write it anew") from None
    for tutor, one in zip(tutors, named, strict=True):
        inside = folder / one.address
        tutor["address"] = str(inside) if inside.exists() else one.address
    return tutors


def _fleet(address: str, tutors: Sequence[tuple[str, Local | None]]) -> Fleet:
    """The one server that can hold all these tutors; those without a model here stay elsewhere.

    Raises:
        ModelError: there is none.
    """
    locals_ = [local for _, local in tutors if local]
    adapters: dict[Path, tuple[str, Adapter]] = {}
    for name, local in tutors:
        if local and local.adapter:
            _check(local.adapter)
            adapters.setdefault(_place(local.adapter), (name, local.adapter))
    if not adapters:
        raise ModelError(f"{address}: has no adapter; vLLM serves {address} as it is")
    bases = {local.base.cache: local.base.name for local in locals_}
    styles = {local.base.style_with(local.adapter) for local in locals_}
    if len(bases) > 1 or len(styles) > 1:
        found = ", ".join(bases.values() if len(bases) > 1 else sorted(styles))
        raise ModelError(
            f"{address}: one vLLM server has one base and one chat format, found {found}; "
            "export the tutors one by one"
        )
    if thinks(style := styles.pop()):
        raise ModelError(f"{address}: its tutors think before they speak; take another form")
    names = _unlike([name for name, _ in adapters.values()])
    plain = next((name for name, local in tutors if local and not local.adapter), "base")
    return Fleet(
        base=locals_[0].base,
        base_name=_unlike([*names, plain])[-1],
        adapters=dict(zip(names, (adapter for _, adapter in adapters.values()), strict=True)),
        style=style,
    )


def _check(adapter: Adapter) -> None:
    """Refuse an adapter that vLLM does not serve; most are refused when they are read.

    Raises:
        ModelError: it is DoRA, or its rank is too high.
    """
    if adapter.dora:
        raise ModelError(
            f"{adapter.folder}: vLLM serves no DoRA adapter; give it a model of its own with "
            f"quimbot export --checkpoint {adapter.folder} --form merged"
        )
    if adapter.rank > RANKS[-1]:
        raise ModelError(
            f"{adapter.folder}: has rank {adapter.rank}, and vLLM serves {RANKS[-1]} at most; "
            "export it with --form merged"
        )


def _place(adapter: Adapter) -> Path:
    return adapter.folder.resolve()


def _unlike(names: Iterable[str]) -> list[str]:
    """Names that stand in a command and an address as they are, each another."""
    given: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "tutor"
        number = sum(
            re.fullmatch(rf"{re.escape(plain)}(-\d+)?", other) is not None for other in given
        )
        given.append(f"{plain}-{number + 1}" if number else plain)
    return given
