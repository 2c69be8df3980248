"""Weights of a model folder (`*.safetensors`), one tensor in memory at a time.

Fresh memory is the slow part of a conversion on small machines, so nothing here holds a model.
"""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quimbot.exceptions import ModelError

Floats = npt.NDArray[np.float32]

_DTYPES: dict[str, Any] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A named tensor whose values are made or read when asked for."""

    name: str
    shape: tuple[int, ...]
    load: Callable[[], Floats]


def read_weights(folder: Path, files: str = "*.safetensors") -> Iterator[Tensor]:
    """The tensors of a folder's weight files, as float32; `files` is a glob.

    Raises:
        ModelError: there is no such file, or one is damaged or of another number type.
    """
    found = sorted(folder.glob(files))
    if not found:
        raise ModelError(f"{folder}: no {files} file; a model folder needs its weights")
    for file in found:
        yield from _read_file(file)


def _read_file(path: Path) -> Iterator[Tensor]:
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
        data = np.memmap(path, np.uint8, "r", offset=8 + length)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in entries.values()), default=0)
    except (OSError, ValueError, struct.error, KeyError, MemoryError) as fault:
        raise ModelError(
            f"{path}: not a whole .safetensors file ({fault}); fetch it again"
        ) from None
    if data.size < end:
        raise ModelError(f"{path}: ends at byte {data.size} of {end}; fetch it again")
    for name, entry in entries.items():
        if entry["dtype"] not in _DTYPES:
            raise ModelError(
                f"{path}: {name} is {entry['dtype']}; weights must be one of {', '.join(_DTYPES)}"
            )
        yield Tensor(name=name, shape=tuple(entry["shape"]), load=_loader(data, entry))


def _loader(data: npt.NDArray[np.uint8], entry: dict[str, Any]) -> Callable[[], Floats]:
    def load() -> Floats:
        start, end = entry["data_offsets"]
        raw = data[start:end].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
        if entry["dtype"] == "BF16":  # the upper half of a float32
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        return np.asarray(raw, np.float32)

    return load


def write_weights(path: Path, tensors: list[Tensor]) -> None:
    """Write tensors as one float32 `.safetensors` file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in tensors:
        size = 4 * int(np.prod(tensor.shape))
        header[tensor.name] = {
            "dtype": "F32",
            "shape": tensor.shape,
            "data_offsets": [offset, offset + size],
        }
        offset += size
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        for tensor in tensors:
            values = np.ascontiguousarray(tensor.load(), np.float32)
            if values.shape != tensor.shape:
                raise ValueError(f"{tensor.name} has shape {values.shape}, promised {tensor.shape}")
            file.write(values.data)
