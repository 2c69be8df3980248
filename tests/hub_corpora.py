"""Rows of our own in exactly the columns that the hub shows, and a hub that serves them."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
COMMIT = "c0ffee" + "0" * 34
ASKED, GIVEN = "I forgot my umbrella again.", "Oh no! Did you get very wet?"

_MODERATED = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def lmsys(number: int = 0, *, flagged: bool = False) -> Row:
    """A row of lmsys/lmsys-chat-1m."""
    mark = {
        "categories": dict.fromkeys(_MODERATED, False),
        "category_scores": dict.fromkeys(_MODERATED, 0.01),
        "flagged": flagged,
    }
    turns = [{"content": ASKED, "role": "user"}, {"content": GIVEN, "role": "assistant"}]
    return {
        "conversation_id": f"c{number}",
        "model": "vicuna-13b",
        "conversation": turns,
        "turn": 1,
        "language": "English",
        "openai_moderation": [mark] * len(turns),
        "redacted": False,
    }


def magpie(number: int = 0) -> Row:
    """A row of Magpie-Align/Magpie-Llama-3.1-Pro-300K-Filtered."""
    return {
        "uuid": f"u{number}",
        "model": "meta-llama/Meta-Llama-3.1-70B-Instruct",
        "gen_input_configs": {
            "temperature": 1.0,
            "top_p": 1.0,
            "input_generator": "meta-llama/Meta-Llama-3.1-70B-Instruct",
            "seed": None,
            "pre_query_template": "<|begin_of_text|>",
        },
        "conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": GIVEN}],
        "instruction": ASKED,
        "response": GIVEN,
        "intent": "The user wants to tell of a mishap.",
        "knowledge": "None.",
        "difficulty": "easy",
        "difficulty_generator": "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "input_quality": "good",
        "quality_explanation": "Clear.",
        "quality_generator": "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "task_category": "Advice seeking",
        "other_task_category": ["Others"],
        "task_category_generator": "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "llama_guard_2": "safe",
        "instruct_reward": 1.5,
        "reward_model": "sfairXC/FsfairX-LLaMA3-RM-v0.1",
        "language": "EN",
        "response_length": len(GIVEN),
    }


def prosocial(dialogue: int = 0, turn: int = 0, *, last: bool = True, label: str = "") -> Row:
    """A row of allenai/prosocial-dialog: one exchange of a dialogue."""
    return {
        "context": ASKED if not turn else f"And then, {turn}.",
        "response": GIVEN,
        "rots": ["It is kind to listen."],
        "safety_label": label or "__casual__",
        "safety_annotations": ["casual"] * 3,
        "safety_annotation_reasons": [""] * 3,
        "source": "socialchemistry",
        "etc": "",
        "dialogue_id": dialogue,
        "response_id": turn,
        "episode_done": last,
    }


def es_ultrachat(number: int = 0) -> Row:
    """A row of latam-gpt/es-ultrachat, as those who read it report its columns."""
    return {
        "id": f"e{number}",
        "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": GIVEN}],
        "lang": "es",
    }


def parquet(rows: list[Row], *, group: int = 1000) -> bytes:
    """The rows as the hub keeps them."""
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=group)
    return file.getvalue()


@contextmanager
def hub(datasets: dict[str, dict[str, bytes]]) -> Iterator[str]:
    """A hub that serves files by dataset; its address is for HF_ENDPOINT.

    A dataset without files is gated. What is not listed does not exist.
    """

    class Handler(_Handler):
        files = datasets

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: dict[str, dict[str, bytes]]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        parts = path.removeprefix("/api").removeprefix("/datasets/").split("/")
        address, what = "/".join(parts[:2]), parts[2:]
        if address not in self.files:
            self._send(401, code="RepoNotFound")
        elif what[:1] == ["resolve"]:
            self._file(address, "/".join(what[2:]))
        elif what[:1] == ["revision"] and what[1] not in ("main", COMMIT):
            self._send(404, code="RevisionNotFound")
        elif what[:1] == ["tree"]:
            self._tree(address, "/".join(what[2:]), recursive="recursive=true" in query)
        else:
            names = [{"rfilename": name} for name in self.files[address]]
            info = {"id": address, "sha": COMMIT, "siblings": names, "tags": []}
            self._send(200, json.dumps(info).encode())

    do_HEAD = do_GET  # noqa: N815 - as the base class calls it

    def _file(self, address: str, name: str) -> None:
        if not self.files[address]:
            self._send(403, code="GatedRepo")
        elif name not in self.files[address]:
            self._send(404, code="EntryNotFound")
        else:
            self._send(200, self.files[address][name], {"X-Repo-Commit": COMMIT})

    def _tree(self, address: str, under: str, *, recursive: bool) -> None:
        files = self.files[address]
        listed: list[Row] = [
            {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
            for name, content in files.items()
            if recursive or name.rpartition("/")[0] == under
        ]
        folders = {name.rpartition("/")[0] for name in files} - {under}
        listed += [{"type": "directory", "path": name, "oid": "0" * 40} for name in folders]
        self._send(200, json.dumps(listed).encode())

    def _send(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, code: str = ""
    ) -> None:
        """A whole body, or the range of it that is asked for."""
        headers = {**(headers or {}), "ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
        asked = self.headers.get("Range")
        if asked and status == 200:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{end}/{len(body)}"
            status, body = 206, body[int(first) : end + 1]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if code:
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
