"""A small sweep that trains in a moment, and its results in a form that does not depend on where and how it ran."""

from fitgap.runner.driver import drive, stored_sweep, write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store, open_store_for_writing

SWEEP = """\
name: small
data: {source: xor}
seed: 3
repeats: 2
training: {epochs: 40, batch_size: 2, keep: last}
axes:
  architecture: [2, 3-2]
  activation: [tanh, {prelu: {learn: beta}}]
  optimizer: [{gradient_descent: {rate: [0.1, 1e+30]}}, adam]
"""
TRIALS = 24


def train(address, prepare=None, on_block=lambda block: None):
    """Train the sweep, or the rest of it, in this process. `prepare` is called with the store before anything is
    written.
    """
    with open_store_for_writing(address) as store:
        if prepare:
            prepare(store)
        known = any(row["name"] == "small" for row in store.sweeps())
        written = stored_sweep(store, "small") if known else write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        drive(store, written, engine="local", workers=None, on_block=on_block)


def findings(address):
    """The results to the last bit, without times and drivers."""
    with open_store(address) as store:
        trials = store.trials("small")
        names = {row["trial"]: (row["configuration"], row["repeat"]) for row in trials}
        rows = [{key: value for key, value in row.items() if key not in ("trial", "seconds")} for row in trials]
        epochs = [{**row, "trial": names[row["trial"]]} for row in store.sweep_epochs("small")]
        kept = [store.kept_parameters(row["trial"], row["epochs"]) for row in trials if row["epochs"]]
        return rows, epochs, [None if each is None else each.tobytes() for each in kept]
