"""A reply to each chat with distilabel, for `benchmarks/campaign.py --peer`.

    VENV/bin/python benchmarks/peers/distilabel_chats.py URL CHATS.jsonl AT_ONCE

VENV holds distilabel[openai] and requests, which it imports without declaring. The job ends with
all rows in one parquet file; one line of JSON tells its rows, seconds and CPU seconds, those of the
processes of its steps included. A small job goes before it, so that no import is counted.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

HOME = tempfile.TemporaryDirectory()
os.environ |= {
    "DISTILABEL_LOG_LEVEL": "WARNING",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HOME": HOME.name,
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from usage import cpu_s


def job(url: str, chats: list[dict[str, str]], at_once: int) -> int:
    """Rows of the file that it ends with; all of an input batch are in flight, then the next.

    Its state is written anew after each batch of chats, so large ones spare CPU.
    """
    pairs = [{"system_prompt": chat["system"], "instruction": chat["user"]} for chat in chats]
    with tempfile.TemporaryDirectory() as folder:
        with Pipeline(name="peer", cache_dir=Path(folder) / "cache") as pipeline:
            load = LoadDataFromDicts(data=pairs, batch_size=1000)
            write = TextGeneration(
                llm=OpenAILLM(
                    model="m",
                    base_url=url,
                    api_key="none",
                    generation_kwargs={"temperature": 0.8, "max_new_tokens": 96},
                ),
                input_batch_size=at_once,
                add_raw_input=False,
                add_raw_output=False,
            )
            load >> write
        rows = pipeline.run(use_cache=False)["default"]["train"]
        rows.to_parquet(Path(folder) / "rows.parquet")
        return len(rows) - rows.data.column("generation").null_count


def main(url: str, file: str, at_once: str) -> None:
    """Do the job and print."""
    chats = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    with redirect_stdout(sys.stderr):  # it prints how to cite it
        job(url, chats[:8], int(at_once))
        wall, cpu = time.perf_counter(), cpu_s()
        rows = job(url, chats, int(at_once))
        wall, cpu = time.perf_counter() - wall, cpu_s() - cpu
    print(json.dumps({"rows": rows, "wall_s": wall, "cpu_s": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
