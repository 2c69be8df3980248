"""A reply to each chat with NVIDIA Data Designer, for `benchmarks/campaign.py --peer`.

    VENV/bin/python benchmarks/peers/data_designer_chats.py URL CHATS.jsonl AT_ONCE

VENV holds data-designer. The job ends with all rows in one parquet file; one line of JSON tells its
rows, seconds and CPU seconds. A small job goes before it, so that no import is counted.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

HOME = tempfile.TemporaryDirectory()
os.environ |= {
    "DATA_DESIGNER_HOME": HOME.name,
    "NEMO_TELEMETRY_ENABLED": "false",
    "HTTPS_PROXY": "http://127.0.0.1:9",  # its profiler would fetch a tokenizer: refused at once
    "NO_PROXY": "127.0.0.1",
}

import data_designer.config as dd
import pandas as pd
from data_designer.interface import DataDesigner
from usage import cpu_s


def job(url: str, chats: list[dict[str, str]], at_once: int) -> int:
    """Rows of the file that it ends with."""
    parameters = dd.ChatCompletionInferenceParams(
        temperature=0.8, max_tokens=96, max_parallel_requests=at_once
    )
    model = dd.ModelConfig(
        alias="writer",
        model="m",
        provider="local",
        inference_parameters=parameters,
        skip_health_check=True,
    )
    config = dd.DataDesignerConfigBuilder(model_configs=[model])
    config.with_seed_dataset(dd.DataFrameSeedSource(df=pd.DataFrame(chats)))
    config.add_column(
        dd.LLMTextColumnConfig(
            name="reply", model_alias="writer", system_prompt="{{ system }}", prompt="{{ user }}"
        )
    )
    provider = dd.ModelProvider(name="local", endpoint=url, api_key="none")
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(folder, model_providers=[provider], auto_configure_logging=False)
        designer.set_run_config(
            dd.RunConfig(
                otel_metrics_port=None, jinja_rendering_engine=dd.JinjaRenderingEngine.NATIVE
            )
        )
        results = designer.create(config, num_records=len(chats))
        return len(pd.read_parquet(results.export(Path(folder) / "rows.parquet")))


def main(url: str, file: str, at_once: str) -> None:
    """Do the job and print."""
    chats = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    job(url, chats[:8], int(at_once))
    wall, cpu = time.perf_counter(), cpu_s()
    rows = job(url, chats, int(at_once))
    wall, cpu = time.perf_counter() - wall, cpu_s() - cpu
    print(json.dumps({"rows": rows, "wall_s": wall, "cpu_s": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
