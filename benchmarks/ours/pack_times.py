"""Training times of real packs: recorded with `python -m benchmarks.ours.pack_times`, sampled by the simulation."""

import json
import os
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import PackTask

from benchmarks.machine import describe
from benchmarks.ours.driving import planned_packs, prepared_sweep
from benchmarks.sweeps import large_sweep

RECORDED = Path(__file__).parents[1] / "recorded" / "pack_times.json"
ARCHITECTURES = ("16", "64-32", "256-128")
# Packs per architecture, and epochs of each; the first epoch is left out, since it allocates the arrays.
PACKS, EPOCHS = 6, 13
TRIALS, WORKERS = 960, 10


@dataclass(frozen=True)
class PackTimes:
    """CPU seconds per epoch and member of some packs (packs, epochs), on one machine."""

    seconds: np.ndarray

    def of_pack(self, numbers: np.random.Generator, members: int, epochs: int) -> np.ndarray:
        """Seconds (epochs,) of the epochs of a pack, each sampled from the epochs of one random recorded pack."""
        pack = self.seconds[numbers.integers(len(self.seconds))]
        return members * numbers.choice(pack, epochs)


def recorded_times(architecture: str) -> PackTimes:
    """The recorded times of packs of an architecture."""
    return PackTimes(np.array(json.loads(RECORDED.read_text())["seconds"][architecture]))


def measured(architecture: str) -> list[list[float]]:
    """Seconds per epoch and member of packs as the driver plans them, trained here one after another."""
    prepared = prepared_sweep(large_sweep(TRIALS, architecture, epochs=EPOCHS, record="all"))
    source = PreparedRepeats(prepared.dataset)
    packs = planned_packs(prepared, WORKERS)
    return [epoch_seconds(pack, source) for pack in packs[:: max(1, len(packs) // PACKS)][:PACKS]]


def epoch_seconds(pack: PackTask, source: PreparedRepeats) -> list[float]:
    times = [time.process_time() for block in train_pack(pack, source) if block.trained]
    return [round((after - before) / len(pack.trials), 8) for before, after in pairwise(times)]


def main() -> None:
    """Measure all architectures and store the times."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    with patch.object(block_builder, "BLOCK_SECONDS", 0.0):
        seconds = {architecture: measured(architecture) for architecture in ARCHITECTURES}
    RECORDED.write_text(json.dumps({"machine": describe(()), "seconds": seconds}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
