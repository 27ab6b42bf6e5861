"""Ray: started as a sweep would, in a process of its own, which trains a small network and stops it again."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.doctor.blas import finding_about, threads_while_training
from runner.doctor.ending_signals import EndingSignals
from runner.doctor.finding import Finding, ok, problem, problem_of
from runner.environment import installed_version
from runner.errors import EngineError
from runner.private_folder import LONGEST_FOR_RAY, make_private_folder

if TYPE_CHECKING:
    from runner.messages import Block

# Ray needs some four seconds; a machine that is busy may need many more.
PATIENCE_SECONDS = 90.0
SECONDS_TO_END = 10.0
LONGEST_REASON = 300
TRIAL = "{data: and, training: {epochs: 1}}"
ADVICE = (
    "train with --engine local meanwhile; Ray needs room in its folder for temporary files, shared memory and ports"
)


def check_ray(database: str | None) -> Iterator[Finding]:
    """Whether Ray starts and a worker of it trains on one thread."""
    try:
        folder = make_private_folder(longest=LONGEST_FOR_RAY)
    except EngineError as error:
        yield problem_of("Ray", error)
        return
    with EndingSignals() as signals:
        try:
            answer, complaint = answer_of_child(folder, signals)
        finally:
            signals.hold_back()
            shutil.rmtree(folder, ignore_errors=True)
    yield from findings_of(answer, complaint)


def answer_of_child(folder: Path, signals: EndingSignals) -> tuple[str, str]:
    """What a process of its own prints that starts Ray with its files in a folder, and what it complains about."""
    # Without -P a file of the current folder could be taken for a module of ours.
    command = [sys.executable, "-P", "-m", "runner.doctor.ray_start"]
    folders = dict.fromkeys(("TMPDIR", "RAY_TMPDIR"), str(folder))
    environment = {**os.environ, **folders, "PYTHONPATH": absolute_python_path()}
    streams: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, **streams, text=True, errors="replace", env=environment, cwd=folder
    ) as child:
        try:
            signals.let_through()
            return child.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return "", f"did not start within {PATIENCE_SECONDS:.0f} s"
        finally:
            signals.hold_back()
            end(child)


def absolute_python_path() -> str:
    """PYTHONPATH for a process in another folder; an empty entry stands for the current one."""
    entries = os.environ.get("PYTHONPATH", "")
    try:
        return os.pathsep.join(map(os.path.abspath, entries.split(os.pathsep))) if entries else ""
    # The current folder is gone, and so are relative entries.
    except OSError:
        return os.pathsep.join(filter(os.path.isabs, entries.split(os.pathsep)))


def findings_of(answer: str, complaint: str) -> Iterator[Finding]:
    """What the process of its own told: a line of JSON, or else why there is none."""
    lines = answer.strip().splitlines()
    if not lines:
        reasons = complaint.strip().splitlines() or ["its process ended without a word"]
        yield problem("Ray", reasons[-1][:LONGEST_REASON], ADVICE)
        return
    try:
        told = json.loads(lines[-1])
    except ValueError:
        yield problem("Ray", f"its process ended early and said: {lines[-1][:LONGEST_REASON]}", ADVICE)
        return
    yield ok("Ray", f"{installed_version('ray')} started and trained in {told['seconds']:.1f} s")
    yield finding_about("BLAS in Ray", told["threads"])


def end(child: subprocess.Popen[str]) -> None:
    """End a process that still runs: first so that Ray can stop what it started, then at once."""
    child.terminate()
    try:
        child.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        child.kill()


def start_and_train() -> None:
    """What the process of its own does: it prints how long that took and the threads of a worker, as JSON."""
    from runner.engine.ray import RayEngine
    from runner.packing import pack_trials, planned_trials
    from runner.planning import prepare_sweep
    from runner.spec import sweep_from_text

    prepared = prepare_sweep(sweep_from_text(TRIAL))
    started = time.monotonic()
    try:
        with RayEngine(prepared.dataset, workers=1) as engine:
            why = why_not_trained(list(engine.run(pack_trials(planned_trials(prepared), prepared, workers=1))))
            if why:
                sys.exit(why)
            threads = engine.ask_worker(threads_while_training)
    except EngineError as error:
        # Its remedy is to ask the doctor.
        sys.exit(str(error).partition("; ")[0])
    print(json.dumps({"seconds": time.monotonic() - started, "threads": threads}))


def why_not_trained(blocks: "list[Block]") -> str | None:
    """Why the one trial was not trained to its end; None where it was."""
    ends = [end for block in blocks for end in block.ended]
    losses = [block.loss.reason for block in blocks if block.loss]
    if len(ends) == 1 and ends[0].status == "completed":
        return None
    return losses[0] if losses else f"a small network was not trained: {[end.reason for end in ends]}"


if __name__ == "__main__":
    start_and_train()
