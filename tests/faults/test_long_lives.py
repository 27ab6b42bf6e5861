"""A driver that works for an hour needs no more memory and no more files than after its first minutes."""

import time
from pathlib import Path

import pytest
from harness.commands import running
from harness.evidence import Evidence

SECONDS, WARM_UP_SECONDS, BETWEEN_SECONDS = 3600.0, 300.0, 10.0
MOST_GROWTH_KILOBYTES = 1024
# More than an hour's work, in many packs.
SWEEP = """\
name: long
data: iris
repeats: 500
training: {epochs: 40}
axes:
  architecture: [4, 8]
  activation: [relu, tanh]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: [0.05, 0.1, 0.2]}}]
  batch_size: [16, 32]
  initializer: [he_normal, he_uniform, glorot_normal, glorot_uniform]
"""


def resident(process):
    """The memory of a process that no other one shares, in kilobytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def open_files(process):
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_memory_and_files_stay_as_they_are(engine, tmp_path):
    (tmp_path / "long.yaml").write_text(SWEEP)
    with running("run", "long.yaml", "--engine", engine, "--workers", "2", folder=tmp_path) as command:
        time.sleep(WARM_UP_SECONDS)
        memory, files = [], []
        end = time.monotonic() + SECONDS - WARM_UP_SECONDS
        while time.monotonic() < end:
            assert command.poll() is None, "the sweep is too short for this machine"
            memory.append(resident(command.pid))
            files.append(open_files(command.pid))
            time.sleep(BETWEEN_SECONDS)
        ended = Evidence(str(tmp_path / "fitgap.db")).counts["completed"]
    print(
        f"{engine}: {ended} trials, memory {memory[0]} to {memory[-1]} KB ({max(memory)} at most), files {set(files)}"
    )
    # Garbage comes and goes: what counts is what is never given back.
    first, last = memory[: len(memory) // 4], memory[-len(memory) // 4 :]
    assert min(last) - min(first) <= MOST_GROWTH_KILOBYTES
    assert len(set(files)) <= 2 and files[-1] <= files[0]
