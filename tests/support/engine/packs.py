"""A sweep of a few packs, and its results in this process, for comparison with other engines."""

from fitgap.runner.engine.in_process import LocalEngine
from fitgap.runner.planning.packs import pack_trials

EPOCHS = 6
PACKS = "{data: iris, repeats: 4, training: {epochs: 6}, axes: {architecture: [4, 8-4, 3-3]}}"


def trained_here(sweep, trials):
    with LocalEngine(sweep.dataset) as engine:
        return list(engine.run(pack_trials(trials, sweep, workers=2)))
