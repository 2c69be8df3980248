"""Whoever works on the shards, a filter writes the bytes that it writes alone."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fake_slurm
import pytest

from quimbot.curate import datatrove_backend
from quimbot.curate.filter import FilterSettings, filter_records
from quimbot.exceptions import DataError, OutputError, RecipeError
from quimbot.pipeline import perform
from quimbot.records.jsonl import read_lines, write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.stamp import plain
from quimbot.runs.watch import Silent

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job in the background
CHECKS = ("structure", "language")
SHARDS = 24
SAYINGS = (
    ("Yesterday I go to the store with my sister.", "Oh, you went there with her? What for?"),
    ("Ayer fui a la tienda con mi hermana y compramos pan.", "¿Y qué más comprasteis allí ayer?"),
    ("I am agree with you about the weather.", "You agree! Do you like the rain, too?"),
    ("Hello there, how are you today?", " "),
)


def chats(count: int) -> list[Record]:
    """Rows that pass, rows of another language, rows without a reply, and some of them twice."""
    return [
        Record(
            messages=(
                Message(role="user", content=f"{learner} {number // 9}"),
                Message(role="assistant", content=reply),
            ),
            provenance=Provenance(source=f"s{number % 3}", licence="MIT"),
        )
        for number in range(count)
        for learner, reply in [SAYINGS[number * number % 4 if number % 5 else number % 4]]
    ]


def written(folder: Path) -> dict[str, bytes]:
    """What a filter wrote, by name."""
    return {path.name: path.read_bytes() for path in folder.glob("out.*")}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    write_rows(folder / "a.jsonl", chats(500))
    write_rows(folder / "b.jsonl", chats(140))
    (folder / "b.jsonl").write_bytes((folder / "b.jsonl").read_bytes().replace(b"\n", b" \n\n"))
    return folder / "a.jsonl", folder / "b.jsonl"


@pytest.fixture(scope="module")
def alone(
    inputs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, dict[str, bytes]]:
    """A filter in one piece: where, its summary, and the files."""
    folder = tmp_path_factory.mktemp("alone")
    done = filter_records(
        FilterSettings(input=inputs, output=folder / "out.jsonl", checks=CHECKS), Silent()
    )
    files = written(folder)
    assert {"out.jsonl", "out.rejected.jsonl", "out.manifest.json"} <= set(files)
    return folder, done, files


def again(folder: Path, inputs: tuple[Path, ...], **how: object) -> str:
    """The same filter to the same place, done otherwise."""
    for path in folder.glob("out.*"):
        path.unlink()
    chosen = FilterSettings(input=inputs, output=folder / "out.jsonl", checks=CHECKS, **how)  # type: ignore[arg-type] # what FilterSettings takes
    return filter_records(chosen, Silent())


@pytest.mark.parametrize(
    ("shards", "workers"),
    [(1, 1), (2, 2), (3, 1), (7, 1), (7, 4)],
)
def test_any_number_of_shards_and_workers_writes_the_same_bytes(
    inputs: tuple[Path, Path], alone: tuple[Path, str, dict[str, bytes]], shards: int, workers: int
) -> None:
    folder, done, files = alone
    assert again(folder, inputs, shards=shards, workers=workers) == done
    assert written(folder) == files
    assert not list(folder.glob(".*.shards"))


def test_proofs_of_lessons_come_back_as_they_were_written(tmp_path: Path) -> None:
    learner, right = "Yesterday I go to the store.", ("Yesterday I went to the store.",)
    replies = ("Oh, you went to the store? What did you buy?", "Say went! Why did you go there?")
    rows = [
        Record(
            messages=(
                Message(role="user", content=f"{learner} Number {number}."),
                Message(role="assistant", content=replies[number % 2]),
            ),
            lessons=(Lesson(turn=1, move=Move.RECAST, corrections=right),),
            provenance=Provenance(source="test", licence="MIT"),
        )
        for number in range(40)
    ]
    write_rows(tmp_path / "in.jsonl", rows)
    files = []
    for shards in (0, 5):
        filter_records(
            FilterSettings(
                input=(tmp_path / "in.jsonl",), output=tmp_path / "out.jsonl", shards=shards
            ),
            Silent(),
        )
        files.append(written(tmp_path))
    assert files[0] == files[1]
    kept = [record for _, record in read_lines(tmp_path / "out.jsonl")]
    assert 0 < len(kept) < len(rows)
    assert all(lesson.verdict for record in kept for lesson in record.lessons)


def test_where_the_rows_were_worked_on_is_no_part_of_the_settings(tmp_path: Path) -> None:
    one = FilterSettings(input=(tmp_path,), output=tmp_path / "out.jsonl")
    two = FilterSettings(input=(tmp_path,), output=tmp_path / "out.jsonl", workers=2, shards=9)
    assert one == two
    assert plain(one) == plain(two)
    assert set(plain(one)) == {"input", "output", "checks", "corrections"}


def test_shards_are_kept_until_the_files_are_there(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = FilterSettings(input=inputs, output=tmp_path / "out.jsonl", checks=CHECKS, shards=2)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("quimbot.pipeline.write_stamp", killed)
        with pytest.raises(KeyboardInterrupt):
            perform("filter", settings, filter_records, Silent(), replace=False)
    assert not written(tmp_path)
    (folder,) = tmp_path.glob(".out.*.shards")
    assert {path.name for path in folder.glob("0*")} == {
        f"0000{shard}{ending}" for shard in (0, 1) for ending in (".jsonl", ".done.json")
    }
    perform("filter", settings, filter_records, Silent(), replace=False)
    assert written(tmp_path)
    assert not list(tmp_path.glob(".out.*.shards"))
    assert not list(tmp_path.glob(".out.*.merged"))


def test_a_row_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", chats(9))
    with (tmp_path / "in.jsonl").open("a") as file:
        file.write('{"messages": []}\n')
    with pytest.raises(DataError, match=r"in.jsonl:10: .*missing required field `provenance`"):
        again(tmp_path, (tmp_path / "in.jsonl",), workers=2, shards=3)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"workers": -1}, "workers -1 is negative"),
        ({"shards": 513}, "shards 513 is out of range; give 0 to 512"),
        ({"workers": 3, "shards": 2}, "3 workers have only 2 shards; give --shards 12"),
        ({"workers": 40}, "40 workers have only 32 shards; give --shards 160"),
        ({"executor": "slurm"}, "executor slurm needs a partition"),
        ({"partition": "cpu"}, "partition 'cpu' is for --executor slurm"),
        ({"executor": "spark"}, "executor 'spark' is unknown; allowed: local, slurm, ray"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    tmp_path: Path, how: dict[str, object], told: str
) -> None:
    with pytest.raises(RecipeError, match=re.escape(told)):
        again(tmp_path, (tmp_path / "in.jsonl",), **how)


def test_without_datatrove_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "in.jsonl", chats(3))
    monkeypatch.delitem(sys.modules, "quimbot.curate.datatrove_backend")
    monkeypatch.setitem(sys.modules, "datatrove", None)
    monkeypatch.setitem(sys.modules, "datatrove.executor", None)
    with pytest.raises(RecipeError, match=re.escape("run pip install 'quimbot[cluster]'")):
        again(tmp_path, (tmp_path / "in.jsonl",), workers=2)


# What a user may do to a run under way


def begin(folder: Path) -> subprocess.Popen[str]:
    """A filter of two processes in a session of its own, waited for until a shard is finished."""
    command = [sys.executable, "-m", "quimbot", "filter", "--input", "in.jsonl"]
    command += ["--output", "out.jsonl", "--workers", "2", "--shards", f"{SHARDS}"]
    command += [word for check in CHECKS for word in ("--checks", check)]
    run = subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    before = len(list(folder.glob(".*.shards/*.done.json")))
    while len(list(folder.glob(".*.shards/*.done.json"))) == before and run.poll() is None:
        time.sleep(0.01)
    return run


def session(leader: int) -> dict[int, int]:
    """The processes of a session that have not ended, each with its parent."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, of, *_ = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == leader and state != "Z":
            found[int(path.parent.name)] = int(parent)
    return found


def kill_at(depth: int) -> Callable[[subprocess.Popen[str]], None]:
    """Kills a process so many generations below the run: 2 keeps the count of tasks, 3 works."""

    def kill(run: subprocess.Popen[str]) -> None:
        parents = session(run.pid)
        generation = {run.pid}
        for _ in range(depth):
            generation = {pid for pid, parent in parents.items() if parent in generation}
        os.kill(min(generation), signal.SIGKILL)

    return kill


def stopped(folder: Path, stop: Callable[[subprocess.Popen[str]], None]) -> tuple[int, str]:
    """Status and words of a run that is stopped at work; none of its processes stays."""
    run = begin(folder)
    stop(run)
    _, said = run.communicate(timeout=60)
    while session(run.pid):
        time.sleep(0.05)
    return run.returncode, said


@pytest.mark.slow
def test_a_run_that_is_stopped_leaves_no_process_and_is_continued(tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", chats(20_000))
    status, said = stopped(tmp_path, lambda run: os.killpg(run.pid, signal.SIGINT))
    assert status == 130, said
    assert "error: interrupted; the same command continues" in said
    assert "Traceback" not in said
    status, said = stopped(tmp_path, lambda run: run.kill())
    assert status == -signal.SIGKILL, said

    (folder,) = tmp_path.glob(".out.*.shards")
    finished = {path.name[:5] for path in folder.glob("*.done.json")}
    assert 2 <= len(finished) < SHARDS
    kept = tmp_path / "kept"
    kept.mkdir()
    for ledger in folder.glob("*.jsonl"):  # the merge takes them away, and leaves these names
        (kept / ledger.name).hardlink_to(ledger)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in kept.iterdir()}

    for depth in (2, 3):
        status, said = stopped(tmp_path, kill_at(depth))
        assert status == 1, said
        assert "error: a worker was killed, perhaps for want of memory; run the command" in said
    status, said = stopped(tmp_path, lambda _: None)
    assert status == 0, said
    for path, (at, text) in before.items():
        assert path.read_bytes().startswith(text[: text.rfind(b"\n") + 1])
        assert path.stat().st_mtime_ns == at or path.name[:5] not in finished
    files = written(tmp_path)
    assert again(tmp_path, (tmp_path / "in.jsonl",)) in said
    for name in ("out.jsonl", "out.rejected.jsonl"):
        assert (tmp_path / name).read_bytes() == files[name]


# Slurm


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "slurm"
    fake_slurm.install(folder)
    monkeypatch.setenv("PATH", fake_slurm.path_with(folder))
    monkeypatch.setattr(datatrove_backend, "_ASK_S", 0.05)
    return folder


def test_an_array_of_jobs_does_the_shards_and_again_what_a_failed_node_left(
    slurm: Path,
    inputs: tuple[Path, Path],
    alone: tuple[Path, str, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, done, files = alone
    how = {"executor": "slurm", "partition": "cpu", "time": "01:30:00", "shards": 3, "workers": 2}
    monkeypatch.setenv("LOSE", "1")
    with pytest.raises(DataError, match="Slurm job 7 has ended and 1 of 3 shards are not fini"):
        again(folder, inputs, **how)
    assert (slurm / "tasks").read_text().split() == ["0", "1", "2"]
    script = (slurm / "last.slurm").read_text()
    for directive in ("partition=cpu", "time=01:30:00", "array=0-2%2", "mem-per-cpu=4G", "requeue"):
        assert f"#SBATCH --{directive}\n" in script
    assert "--qos" not in script
    assert re.search(r"^launch_pickled_pipeline \S+/datatrove/executor.pik$", script, re.MULTILINE)
    assert f'export PATH="{Path(sys.executable).parent}:$PATH"' in script

    monkeypatch.setenv("LOSE", "")
    assert again(folder, inputs, **how) == done
    assert written(folder) == files
    assert (slurm / "tasks").read_text().split() == ["0", "1", "2", "0"]
    assert "array=0-0%2\n" in (slurm / "last.slurm").read_text()


def test_a_job_that_waits_in_the_queue_is_not_submitted_twice(
    slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "in.jsonl", chats(9))
    how = {"executor": "slurm", "partition": "cpu", "shards": 2}
    monkeypatch.setenv("LOSE", "0 1")
    with pytest.raises(DataError, match="Slurm job 7 has ended"):
        again(tmp_path, (tmp_path / "in.jsonl",), **how)
    monkeypatch.setenv("BUSY", "yes")
    (slurm / "tasks").unlink()

    def asleep(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("quimbot.curate.datatrove_backend.time.sleep", asleep)
    with pytest.raises(KeyboardInterrupt):
        again(tmp_path, (tmp_path / "in.jsonl",), **how)
    assert not (slurm / "tasks").exists()


def test_a_machine_without_slurm_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "in.jsonl", chats(9))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecipeError, match="sbatch is not on this machine"):
        again(tmp_path, (tmp_path / "in.jsonl",), executor="slurm", partition="cpu", shards=2)


def test_a_run_beside_shards_of_another_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", chats(9))
    other = tmp_path / f".out.{'0' * 12}.shards"
    (other / "datatrove").mkdir(parents=True)  # one that could not even begin
    again(tmp_path, (tmp_path / "in.jsonl",), shards=2)
    (other / "00000.jsonl").touch()
    with pytest.raises(OutputError, match="shards of other inputs, settings or versions"):
        again(tmp_path, (tmp_path / "in.jsonl",), shards=2)
