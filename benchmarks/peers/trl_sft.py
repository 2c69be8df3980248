"""Training steps with TRL's SFTTrainer, for `benchmarks/train.py --peer`.

    VENV/bin/python benchmarks/peers/trl_sft.py JOB.json

VENV holds trl. The job names a model, an adapter to start from and batches of token sequences with
the tokens that are learnt; all settings are those that cost least on a CPU. One line of JSON tells
the loss of each step, its seconds, and the peak of resident memory.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from datasets import Dataset
from peft import PeftModel
from step_clock import StepClock
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer
from usage import peak_mb


def main(path: str) -> None:
    """Do the job and print."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    base = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, job["adapter"], is_trainable=True)
    rows = [
        {
            "input_ids": tokens,
            "labels": [t if w else -100 for t, w in zip(tokens, weights, strict=True)],
        }
        for batch in job["batches"]
        for tokens, weights in batch
    ]
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(
                output_dir=folder,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                per_device_train_batch_size=len(job["batches"][0]),
                max_steps=len(job["batches"]),
                train_sampling_strategy="sequential",
                learning_rate=job["rate"],
                lr_scheduler_type="constant",
                optim="adamw_torch_fused",
                adam_beta2=0.95,
                adam_epsilon=1e-12,
                max_grad_norm=1.0,
                logging_steps=1,
                logging_first_step=True,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=AutoTokenizer.from_pretrained(job["model"]),
            callbacks=[clock],
        )
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    print(json.dumps({"losses": losses, "seconds": clock.seconds, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
