"""`export`: a checkpoint leaves quimbot, or all tutors of a run leave for a vLLM server."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from quimbot.exceptions import ModelError, OutputError, RecipeError
from quimbot.export.card import card
from quimbot.export.merge import check_merged, merge
from quimbot.export.ollama import modelfile
from quimbot.export.vllm import TUTORS, write_vllm
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Move
from quimbot.runs.watch import Watch
from quimbot.runtimes.adapter import PEFT_FILES, Adapter
from quimbot.runtimes.chat_format import CHAT, thinks
from quimbot.runtimes.connect import find_local, resolve
from quimbot.runtimes.gguf import Kind
from quimbot.runtimes.gguf_writer import folder_to_gguf
from quimbot.runtimes.models import ModelFiles

Form = Literal["peft", "merged", "gguf", "ollama", "vllm"]

_LAST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """What leaves, and in which form."""

    checkpoint: str
    """A checkpoint folder, a training run (its last checkpoint), or a run (what it picked)."""
    output: Path
    """Folder to write."""
    form: Form = "gguf"
    """peft (adapter alone), merged (model folder, float32), gguf (llama.cpp), ollama (GGUF and Modelfile), vllm (all tutors of a run for one server)."""  # noqa: E501 - one line of help
    kind: Kind = "Q8_0"
    """Numbers of a GGUF file: Q8_0 (a quarter of the size, no loss measured) or F32 (exact)."""
    move: Move = Move.RECAST
    """Move that the system prompt of the Ollama model asks for."""
    port: int = 8100
    """Port of this machine on which the vLLM server will listen."""
    licence: str = "apache-2.0"
    """Licence that the model card states."""

    def __post_init__(self) -> None:
        """Check the choices."""
        for name, value, allowed in (
            ("form", self.form, get_args(Form)),
            ("kind", self.kind, get_args(Kind)),
        ):
            if value not in allowed:
                raise RecipeError(f"{name} {value!r}: expected one of {', '.join(allowed)}")
        if not 0 < self.port <= _LAST_PORT:
            raise RecipeError(f"port is {self.port}; give a number from 1 to {_LAST_PORT}")

    def inputs(self) -> tuple[Path, ...]:
        """The checkpoint's folder or the list of tutors, when the address is one."""
        if self.form == "vllm" and (listed := Path(self.checkpoint, TUTORS)).is_file():
            return (listed,)
        folder = Path(resolve(self.checkpoint)[1])
        return (folder,) if folder.is_dir() else ()

    def outputs(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.output,)


def export(settings: ExportSettings, watch: Watch) -> str:
    """Write the checkpoint in the form asked for, checked, with its model card.

    Raises:
        ModelError: the address names no adapter, or one that cannot be had in this form.
        OutputError: the folder cannot be written.
    """
    if settings.form == "vllm":
        with _writing(settings.output) as folder:
            held = write_vllm(
                settings.checkpoint,
                folder,
                port=settings.port,
                licence=settings.licence,
                usage=_usage(settings),
            )
        return f"{settings.output}: vllm, {held}; start {settings.output / 'serve.sh'}"
    found = find_local(settings.checkpoint)
    if found.adapter is None:
        raise ModelError(
            f"{settings.checkpoint}: a whole model, not an adapter; name a checkpoint or a run"
        )
    if settings.form == "ollama" and thinks(found.base.style_with(found.adapter)):
        raise ModelError(
            f"{settings.checkpoint}: this tutor thinks before it speaks, and its Modelfile would "
            "show the thoughts; take form peft, merged or gguf"
        )
    with _writing(settings.output) as folder:
        facts = _write(settings, found.base, found.adapter, folder, watch)
        text = card(found.adapter, found.base.name, settings.licence, _usage(settings))
        (folder / "README.md").write_text(text, encoding="utf-8")
    size = sum(path.stat().st_size for path in settings.output.iterdir()) / 1e6
    return f"{settings.output}: {settings.form} of {found.adapter.folder}, {size:,.0f} MB{facts}"


def _write(
    settings: ExportSettings, base: ModelFiles, adapter: Adapter, folder: Path, watch: Watch
) -> str:
    if settings.form == "peft":
        for name in (*PEFT_FILES, *([CHAT] if adapter.style else [])):
            shutil.copy(adapter.folder / name, folder)
        return ""
    steps = 2 if settings.form == "merged" else 3
    with (
        watch.task("export", steps) as task,
        tempfile.TemporaryDirectory(dir=settings.output.parent, prefix=".merge-") as aside,
    ):
        merged = Path(aside) / "merged"
        merge(base, adapter, merged)
        task.advance()
        difference = check_merged(base, adapter, merged)
        task.advance()
        if settings.form == "merged":
            for path in merged.iterdir():
                path.rename(folder / path.name)
        else:
            folder_to_gguf(merged, folder / _weights(settings), settings.kind)
            task.advance()
    if settings.form == "ollama":
        text = modelfile(_weights(settings), base.style_with(adapter), tutor_prompt(settings.move))
        (folder / "Modelfile").write_text(text, encoding="utf-8")
    return f", logits within {difference:.1g} of the unmerged ones"


def _weights(settings: ExportSettings) -> str:
    return f"quimbot-{settings.kind.lower()}.gguf"


def _usage(settings: ExportSettings) -> str:
    match settings.form:
        case "peft":
            return "Load the folder with PEFT on its base model, or `quimbot chat FOLDER`."
        case "merged":
            return "Load the folder with transformers or vLLM, or `quimbot chat FOLDER`."
        case "gguf":
            return f"`llama-server -m {_weights(settings)}`, or any program that reads GGUF."
        case "ollama":
            return "`ollama create tutor -f Modelfile`, then `ollama run tutor`."
        case "vllm":
            return "`sh serve.sh` two folders up, or load the folder with PEFT on its base model."


@contextmanager
def _writing(output: Path) -> Iterator[Path]:
    """A folder aside that takes the place of `output` only when the block ends well."""
    aside = output.with_name(f".{output.name}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        yield aside
        shutil.rmtree(output, ignore_errors=True)
        aside.rename(output)
    except OSError as fault:
        raise OutputError(
            f"{output}: cannot write ({fault.strerror or fault}); "
            "free some space or name another path"
        ) from fault
    finally:
        shutil.rmtree(aside, ignore_errors=True)
