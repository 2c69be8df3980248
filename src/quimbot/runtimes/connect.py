"""From an address to a runtime: the one place that knows which kinds there are.

- `smollm2-135m`: a model by name, a folder or a hub id, run by llama.cpp
- `runs/demo/checkpoints/…`: an adapter, on the base that its folder names
- `runs/demo`: what a finished run picked
- `runs/demo/stage1`: the last checkpoint of a training run
- `torch:ADDRESS`: any of these, run by torch (slow, exact, says probabilities)
- `llamacpp:ADDRESS`: any of these, run by llama.cpp (the default)
- `https://host/v1#model`: an OpenAI-compatible server
- `tinker:Qwen/Qwen3-8B`: a base model that the Tinker service runs
- `tinker://RUN/sampler_weights/NAME`: an adapter there, as its training saved it for sampling
- `scripted:perfect`: a tutor that follows a script (also: hopeless, echo)
"""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec

from quimbot.exceptions import DataError, ModelError
from quimbot.runs.checkpoints import complete_checkpoints
from quimbot.runtimes.adapter import CONFIG, Adapter, read_adapter
from quimbot.runtimes.endpoint import Endpoint
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Runtime
from quimbot.runtimes.scripted import Script, ScriptedRuntime

Engine = Literal["llamacpp", "torch"]

_PICKED = "picked.json"


@dataclass(frozen=True, kw_only=True)
class Local:
    """A model or adapter on this machine, and what runs it."""

    engine: Engine
    base: ModelFiles
    adapter: Adapter | None

    @property
    def merged(self) -> Adapter | None:
        """The adapter, if it has to be in the weights: llama.cpp cannot add DoRA itself."""
        dora = self.adapter is not None and self.adapter.dora
        return self.adapter if dora and self.engine == "llamacpp" else None


@contextmanager
def connect(address: str, *, at_once: int = 4) -> Iterator[Runtime]:
    """The runtime at one address; see `open_runtimes`."""
    with open_runtimes([address], at_once=at_once) as runtimes:
        yield runtimes[address]


def is_endpoint(address: str) -> bool:
    """Whether it is the address of a server."""
    return address.startswith(("http://", "https://"))


def is_local(address: str) -> bool:
    """Whether it is the address of a model or an adapter that is run on this machine."""
    return not is_endpoint(address) and not address.startswith(("scripted:", "tinker:"))


@contextmanager
def open_runtimes(
    addresses: Sequence[str],
    *,
    at_once: int = 4,
    script: Script | None = None,
) -> Iterator[dict[str, Runtime]]:
    """The runtimes at some addresses; adapters of one base share it.

    A DoRA adapter has weights of its own in llama.cpp, made on first use and kept in the cache.

    `at_once` is how many chats llama.cpp answers together: 16 give the most tokens a second, fewer
    leave each chat more room (8,192 tokens are shared evenly).
    `script` is what `scripted:perfect` answers.

    Raises:
        DataError: a run folder's `picked.json` is damaged.
        ModelError: an address names nothing that can be found, reached or used.
    """
    opened: dict[str, Runtime] = {}
    hosted: list[str] = []
    local: dict[tuple[Engine, Path, Adapter | None], dict[str, Local]] = {}
    with ExitStack() as stack:
        for address in dict.fromkeys(addresses):
            if is_endpoint(address):
                opened[address] = stack.enter_context(Endpoint(address))
            elif address.startswith("scripted:"):
                part = address.removeprefix("scripted:")
                opened[address] = ScriptedRuntime(part, script)
            elif address.startswith("tinker:"):
                hosted.append(address)
            else:
                target = find_local(address)
                shared = target.engine, target.base.cache, target.merged
                local.setdefault(shared, {})[address] = target
        if hosted:
            from quimbot.runtimes.tinker import TinkerEngine

            service = stack.enter_context(TinkerEngine())
            opened.update({address: service.runtime(address) for address in hosted})
        for (engine, _, _), targets in local.items():
            opened.update(_open_engine(stack, engine, targets, at_once))
        yield {address: opened[address] for address in addresses}


def _open_engine(
    stack: ExitStack, engine: Engine, targets: dict[str, Local], at_once: int
) -> dict[str, Runtime]:
    first = next(iter(targets.values()))
    base, merged = first.base, first.merged
    adapters = {t.adapter.folder.resolve(): t.adapter for t in targets.values() if t.adapter}
    match engine:
        case "llamacpp":
            from quimbot.runtimes.llamacpp import LlamaEngine

            if merged:
                llama = stack.enter_context(LlamaEngine(base, merged=merged, slots=at_once))
                return {name: llama.runtime(name) for name in targets}
            llama = stack.enter_context(LlamaEngine(base, tuple(adapters.values()), slots=at_once))
            return {name: llama.runtime(name, t.adapter) for name, t in targets.items()}
        case "torch":
            from quimbot.runtimes.torch_local import TorchEngine

            torch = stack.enter_context(TorchEngine(base, tuple(adapters.values())))
            return {name: torch.runtime(name, t.adapter) for name, t in targets.items()}


def find_local(address: str) -> Local:
    """The model or adapter on this machine that an address names, nothing loaded yet.

    Raises:
        DataError: a run folder's `picked.json` is damaged.
        ModelError: there is no such model or adapter.
    """
    engine, target = resolve(address)
    folder = Path(target).expanduser()
    adapter = read_adapter(folder) if (folder / CONFIG).is_file() else None
    try:
        base = find_model(adapter.base if adapter else target)
    except ModelError as fault:
        if adapter:
            raise ModelError(f"{folder}: its base cannot be used: {fault}") from fault
        raise
    return Local(engine=engine or "llamacpp", base=base, adapter=adapter)


def resolve(address: str) -> tuple[Engine | None, str]:
    """The engine, if one is named, and the model or adapter that an address comes down to.

    A finished run comes down to what it picked, a training run to its last checkpoint.

    Raises:
        DataError: a run folder's `picked.json` is damaged.
        ModelError: there is no such engine.
    """
    engine, target = _split(address)
    folder = Path(target).expanduser()
    if (folder / _PICKED).is_file():
        picked = _picked(folder)
        if Path(_split(picked)[1]).expanduser().resolve() == folder.resolve():
            raise DataError(f"{folder / _PICKED}: picks itself; run the pipeline again")
        picked_engine, target = resolve(picked)
        return engine or picked_engine, target
    if folder.is_dir() and not any((folder / name).is_file() for name in (CONFIG, "config.json")):
        checkpoints = complete_checkpoints(folder)
        return engine, str(checkpoints[-1]) if checkpoints else target
    return engine, target


def _split(address: str) -> tuple[Engine | None, str]:
    """Engine, if one is named, and target."""
    name, colon, target = address.partition(":")
    if not colon or Path(address).exists():
        return None, address
    for engine in get_args(Engine):
        if name == engine:
            return engine, target
    elsewhere = ["scripted", "http", "https", "tinker"]
    if name in elsewhere:
        raise ModelError(f"{address}: not on this machine; name a model or an adapter that is")
    known = [*get_args(Engine), *elsewhere]
    close = difflib.get_close_matches(name, known)
    hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
    raise ModelError(f"{address}: no engine {name!r}; {hint}")


class _Picked(msgspec.Struct, frozen=True):
    address: str


def _picked(run: Path) -> str:
    path = run / _PICKED
    try:
        address = msgspec.json.decode(path.read_bytes(), type=_Picked).address
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise DataError(f"{path}: {fault}; run the pipeline again to write it anew") from None
    inside = run / address
    return str(inside) if inside.exists() else address
