"""Slurm's commands for a machine without Slurm: the script of an array is really run, by bash.

`sbatch` runs the tasks one after the other, each in a bash of its own with the variables that Slurm
sets, and gives a number when they have ended; `LOSE` names tasks whose node fails before them.
"""

import os
from pathlib import Path

_SBATCH = """\
#!/bin/bash
script="${@: -1}"
here="$(dirname "$0")"
cp "$script" "$here/last.slurm"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
for task in $(seq 0 "$last"); do
  echo "$task" >>"$here/tasks"
  case " $LOSE " in *" $task "*) continue ;; esac
  SLURM_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task SLURM_NODELIST=node1 RUN_OFFSET=0 \\
    bash "$script" >>"$here/log" 2>&1
done
echo "Submitted batch job 7"
"""
_SQUEUE = """\
#!/bin/bash
echo "$@" >>"$(dirname "$0")/asked"
test -z "$BUSY" || echo "7 cpu quimbot R"
"""
_SCONTROL = """\
#!/bin/bash
echo node1
"""


def install(folder: Path) -> None:
    """Put the commands into a folder; PATH must name it first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("sbatch", _SBATCH), ("squeue", _SQUEUE), ("scontrol", _SCONTROL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def path_with(folder: Path) -> str:
    """PATH with those commands first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
