"""Training steps with LLaMA-Factory, for `benchmarks/train.py --peer`.

    VENV/bin/python benchmarks/peers/llamafactory_sft.py JOB.json

VENV holds llamafactory. It reads the chats of the job in their order, writes them with its own
ChatML template, and so has losses of its own; all settings are those that cost least on a CPU. One
line of JSON tells the seconds of each step and the peak of resident memory.
"""

import json
import os
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

os.environ |= {"GOMP_SPINCOUNT": "0", "DISABLE_VERSION_CHECK": "1"}

from llamafactory.train.tuner import run_exp
from step_clock import StepClock
from usage import peak_mb

TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}


def main(path: str) -> None:
    """Do the job and print."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        data = Path(folder)
        rows = [{"messages": chat} for batch in job["chats"] for chat in batch]
        (data / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        columns = {"messages": "messages"}
        entry = {"file_name": "rows.json", "formatting": "sharegpt", "columns": columns}
        (data / "dataset_info.json").write_text(json.dumps({"rows": entry | {"tags": TAGS}}))
        run_exp(
            {
                "stage": "sft",
                "do_train": True,
                "model_name_or_path": job["model"],
                "finetuning_type": "lora",
                "lora_target": "all",
                "lora_rank": job["rank"],
                "lora_alpha": job["alpha"],
                "template": "chatml",
                "dataset": "rows",
                "dataset_dir": folder,
                "disable_shuffling": True,
                "cutoff_len": 1024,
                "per_device_train_batch_size": len(job["batches"][0]),
                "max_steps": len(job["batches"]),
                "learning_rate": job["rate"],
                "lr_scheduler_type": "constant",
                "optim": "adamw_torch_fused",
                "disable_gradient_checkpointing": True,
                "infer_dtype": "float32",
                "use_cpu": True,
                "bf16": False,
                "fp16": False,
                "output_dir": str(data / "out"),
                "save_strategy": "no",
                "report_to": "none",
                "logging_steps": 1,
                "disable_tqdm": True,
            },
            callbacks=[clock],
        )
    print(json.dumps({"losses": [], "seconds": clock.seconds, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
