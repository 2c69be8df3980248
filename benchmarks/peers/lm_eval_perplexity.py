"""Log-likelihoods of replies with lm-evaluation-harness, for `benchmarks/perplexity.py --peer`.

    VENV/bin/python benchmarks/peers/lm_eval_perplexity.py NUMBER JOB.json

VENV holds lm-eval, torch, transformers and peft. The job names a base, adapters and requests: the
tokens before a reply, and the reply's own. They go where `loglikelihood` sends its texts once they
are tokenised, so that both sides score the same tokens; the harness sorts them by length itself.
Of batches of 2, 8, 16 and "auto", 8 cost least on a CPU. One line of JSON tells the summed nats of
model NUMBER, the seconds and CPU-seconds of scoring, and the peak of resident memory.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "0")

from lm_eval.models.huggingface import HFLM
from usage import peak_mb


def main(number: str, path: str) -> None:
    """Do the job and print."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    model = HFLM(
        pretrained=job["model"],
        peft=job["adapters"][int(number)] or None,
        device="cpu",
        dtype="float32",
        batch_size=8,
    )
    requests = [(("", ""), context, reply) for context, reply in job["requests"]]
    start, cpu = time.perf_counter(), time.process_time()
    answers = model._loglikelihood_tokens(requests, disable_tqdm=True)
    found = {
        "nats": [-sum(logprob for logprob, _ in answers)],
        "seconds": [time.perf_counter() - start],
        "cpu": [time.process_time() - cpu],
        "peak_mb": peak_mb(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
