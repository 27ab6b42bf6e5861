"""A driver that works for an hour needs no more memory and files than after its first quarter of an hour."""

import contextlib
import time
from pathlib import Path

import pytest
from fitgap.runner.store import open_store
from support.faults.commands import own_kilobytes, running

# Until then, caches fill up: modules, prepared repeats, statements and the allocator's arenas.
SECONDS, WARM_UP_SECONDS, BETWEEN_SECONDS = 3600.0, 900.0, 10.0
MOST_GROWTH_KILOBYTES = 1024
# Hours of work, in a thousand packs of one shape with few repeats, so that neither the largest pack nor the number of
# cached repeats matters. The packs are so short that every quarter has measurements between two of them.
RATES = [number / 1e4 for number in range(1, 2001)]
SWEEP = f"""\
name: long
data: digits
repeats: 4
training: {{epochs: 40}}
axes:
  architecture: [64-32]
  activation: [relu, tanh]
  regularizer: [none, {{dropout: {{ratio: 0.2}}}}]
  optimizer: [{{gradient_descent: {{rate: {RATES}}}}}]
  initializer: [he_normal, he_uniform, glorot_normal, glorot_uniform]
"""


class Life:
    """A command that trains the sweep, and measurements of its memory and open files."""

    def __init__(self, engine, folder, stack):
        self.engine, self.folder = engine, folder
        folder.mkdir()
        (folder / "long.yaml").write_text(SWEEP)
        line = ("run", "long.yaml", "--engine", engine, "--workers", "2")
        self.process = stack.enter_context(running(*line, folder=folder))
        self.memory, self.files = [], []

    def look(self):
        assert self.process.poll() is None, f"{self.engine}: it has ended; {(self.folder / 'err').read_text()[-500:]}"
        self.memory.append(own_kilobytes(self.process.pid))
        self.files.append(len(list(Path(f"/proc/{self.process.pid}/fd").iterdir())))

    def tell(self):
        with open_store(str(self.folder / "fitgap.db")) as store:
            (sweep,) = store.sweeps()
        quarters = [self.memory[number * len(self.memory) // 4 :][: len(self.memory) // 4] for number in range(4)]
        memory = ", ".join(f"{min(quarter)} to {max(quarter)} KB" for quarter in quarters)
        print(f"{self.engine}: {sweep['completed']} trials, {memory}, files {sorted(set(self.files))}")

    def check(self):
        # Garbage comes and goes, so we compare the minima: memory that is never freed.
        quarter = len(self.memory) // 4
        assert min(self.memory[-quarter:]) - min(self.memory[:quarter]) <= MOST_GROWTH_KILOBYTES, self.engine
        assert len(set(self.files)) <= 2 and self.files[-1] <= self.files[0], self.engine


@pytest.mark.nightly
def test_memory_and_files_stay_as_they_are(tmp_path):
    """Both engines run at the same time, so that the test takes one hour."""
    with contextlib.ExitStack() as stack:
        lives = [Life(engine, tmp_path / engine, stack) for engine in ("local", "ray")]
        time.sleep(WARM_UP_SECONDS)
        end = time.monotonic() + SECONDS - WARM_UP_SECONDS
        while time.monotonic() < end:
            for life in lives:
                life.look()
            time.sleep(BETWEEN_SECONDS)
        for life in lives:
            life.tell()
    for life in lives:
        life.check()
