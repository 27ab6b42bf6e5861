"""The size of the gradient in every layer, compared with finite differences of the error on the same examples."""

import numpy as np
import pytest
from fitgap.core.evaluation import Measurer
from fitgap.core.layer_statistics import MOST_EXAMPLES, evenly, rms_of_layers
from fitgap.core.training import Pack
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

SWEEP = """\
data: {{source: {data}, validation: 0.3}}
repeats: 2
training: {{epochs: 2, batch_size: 16, dtype: float64, loss: {loss}}}
axes:
  architecture: [{architecture}]
  activation: [tanh, {{silu: {{learn: beta}}}}, {{sigmoid: , elu: }}]
  regularizer: [{{l2: {{weight: 0.1}}, dropout: {{ratio: 0.5}}}}]
"""


def pack_of(text):
    sweep = prepare_sweep(sweep_from_text(text))
    pairs = [(each, repeat) for each in sweep.configurations for repeat in (1, 2)]
    trials = [PlannedTrial(number, *pair) for number, pair in enumerate(pairs, start=1)]
    task = pack_task(trials, pack_shape(sweep.configurations[0], sweep), sweep)
    return Pack(task.shape, task.members, PreparedRepeats(sweep.dataset).of_task(task))


def mean_errors(pack, parameters):
    """The mean error (K,) of the sampled training examples, in float64 and without dropout."""
    rows = np.arange(len(pack.members))
    networks = pack.networks.subset(rows, pack.members)
    networks.parameters[:] = parameters
    chosen = evenly(pack.evidence.chosen[0], MOST_EXAMPLES)
    measurer = Measurer(*pack.repeats.training, pack.shape)
    return measurer.measure(networks, pack.repeats.rows, chosen).errors.mean(axis=1)


CASES = [
    ("iris", "half_squared_error", "4-3"),
    ("iris", "softmax_cross_entropy", "3"),
    ("diabetes", "half_squared_error", "none"),
]


@pytest.mark.parametrize(("data", "loss", "architecture"), CASES)
def test_it_is_that_of_finite_differences(data, loss, architecture):
    pack = pack_of(SWEEP.format(data=data, loss=loss, architecture=architecture))
    pack.run_epoch()
    rows = np.arange(len(pack.members))
    found = pack.evidence.statistics(rows)
    parameters, step = pack.networks.parameters.copy(), 1e-5
    derivatives = np.zeros_like(parameters)
    for column in range(parameters.shape[1]):
        moved = [parameters.copy(), parameters.copy()]
        moved[0][:, column] += step
        moved[1][:, column] -= step
        up, down = (mean_errors(pack, each) for each in moved)
        derivatives[:, column] = (up - down) / (2 * step)
    expected = rms_of_layers(pack.networks, derivatives)
    for row, layers in enumerate(found):
        assert [layer.gradient for layer in layers] == pytest.approx(expected[row].tolist(), rel=2e-3)


def test_it_changes_nothing_that_is_trained():
    text = SWEEP.format(data="iris", loss="half_squared_error", architecture="4-3")
    plain, asked = pack_of(text), pack_of(text)
    for _ in range(3):
        expected, found = plain.run_epoch(), asked.run_epoch()
        asked.evidence.statistics(np.arange(len(asked.members)))
        asked.evidence.statistics(np.array([1, 3]))
        assert np.array_equal(expected.e_v, found.e_v) and np.array_equal(expected.e_t, found.e_t)
    assert np.array_equal(plain.networks.parameters, asked.networks.parameters)
