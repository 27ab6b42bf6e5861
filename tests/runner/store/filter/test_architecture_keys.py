"""Filter keys of architectures: numbers of layers of each kind and their widths, in both kinds of database."""

import pytest
from fitgap.runner.driver import write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing

SWEEP = """\
name: kinds
data: bars
repeats: 1
training: {epochs: 1, batch_size: 8}
axes:
  architecture:
    - 6
    - 6-3
    - 5-norm
    - 4-res(4-norm)
    - conv2x3-6
    - conv3x3-pool2-conv4x3-res(conv4x3:padding=same-norm)-7
  optimizer: [gradient_descent]
"""
DENSE, CONVOLUTIONAL = 4, 2


@pytest.fixture
def store(database, own_folder):
    with open_store_for_writing(database) as store:
        write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        yield store


def test_trials_are_found_by_the_parts_of_their_architecture(store):
    counts = {
        "architecture.conv == 0": DENSE,
        "architecture.conv == 1": 1,
        "architecture.conv == 3": 1,
        "architecture.conv > 0": CONVOLUTIONAL,
        "architecture.recurrent == 0": DENSE + CONVOLUTIONAL,
        "architecture.norm == 0": 3,
        "architecture.norm == 1": 3,
        "architecture.residual == 0": 4,
        "architecture.residual == 1": 2,
        "architecture.residual == 1 and architecture.conv == 0": 1,
        "architecture.depth == 1": 2,
        "architecture.width == 6": 3,
        "architecture.width >= 7": 1,
        "architecture like 'conv*'": CONVOLUTIONAL,
    }
    assert {where: len(store.trials("kinds", where=where)) for where in counts} == counts
