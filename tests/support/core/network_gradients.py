"""The gradient of whole networks by finite differences, compared with backpropagation."""

import numpy as np
from fitgap.core.dropout import DropoutMasks
from fitgap.core.losses import HalfSquaredError
from fitgap.core.workspace import Workspace

SIZES = (3, 5, 4, 2)
EXAMPLES = 5


def filled(layout, members, examples=EXAMPLES, seed=18):
    """A workspace with random inputs, and targets between 0 and 1 that sum to 1, like those of classes."""
    work, rng = Workspace(members, examples, layout, "float64"), np.random.default_rng(seed)
    work.inputs[...] = rng.normal(size=work.inputs.shape)
    work.targets[...] = rng.uniform(0.05, 0.95, work.targets.shape)
    work.targets /= work.targets.sum(axis=2, keepdims=True)
    return work


def summed_errors(networks, members, loss, dropout, moved_inputs=None):
    """The error of each member, summed over its examples, computed as in training."""
    work = filled(networks.layout, len(members))
    if moved_inputs is not None:
        np.add(work.inputs, moved_inputs, out=work.inputs)
    masks = DropoutMasks(members, 1, "float64") if dropout else None
    networks.evaluate_for_training(work, masks)
    return loss.errors(work.outputs, work.targets).sum(axis=1), work


def by_fourth_order(error_at, h=1e-4):
    """The derivative at 0 of errors (K,), where `error_at` maps a step to errors."""
    f = {steps: error_at(steps * h) for steps in (-2, -1, 1, 2)}
    return (8 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12 * h)


def keep_off_kinks(networks, members, dropout):
    """Redraw parameters until no unit is within 0.002 of 0 for any example, where a function may have a kink."""
    rng, count = np.random.default_rng(25), networks.layout.parameter_count
    while True:
        _, work = summed_errors(networks, members, HalfSquaredError(), dropout)
        layers = zip(work.activations, networks.weights, networks.biases, strict=False)
        sums = [a @ weights.transpose(0, 2, 1) + biases for a, weights, biases in layers]
        near = np.any([abs(s).min(axis=(1, 2)) < 0.002 for s in sums], axis=0)
        if not near.any():
            return
        networks.parameters[near, :count] = rng.normal(scale=0.7, size=(near.sum(), count))


def learned_columns(networks, member):
    """The columns of the member's learned β and γ."""
    return [
        networks.layout.function_parameter(layer, position, name)
        for layer, functions in enumerate(member.activations, start=1)
        for position, function in enumerate(functions)
        for name in function.learned
    ]


def backpropagated(networks, members, loss, dropout):
    """The gradient (K, P), and that with respect to the inputs (K, B·n_0). Entries that backpropagation does not write
    are NaN, or 0 for unlearned β and γ.
    """
    _, work = summed_errors(networks, members, loss, dropout)
    loss.gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.gradient[:, : networks.layout.parameter_count] = np.nan
    networks.gradient[:, networks.layout.parameter_count :] = 0
    for row, member in enumerate(members):
        networks.gradient[row, learned_columns(networks, member)] = np.nan
    networks.backpropagate(work)
    # What the first layer would pass back to a layer before it.
    work.bound[0].backward()
    by_inputs = work.deltas[0] * (work.inputs / filled(networks.layout, len(members)).inputs)
    return networks.gradient.copy(), by_inputs.reshape(len(members), -1)


def differences(networks, members, loss, dropout):
    """Fourth-order central differences with respect to every parameter and input, for all members at once."""
    parameters = networks.parameters
    gradient = np.empty_like(parameters)
    for column in range(parameters.shape[1]):
        before = parameters[:, column].copy()

        def moved_parameter(step, column=column, before=before):
            parameters[:, column] = before + step
            return summed_errors(networks, members, loss, dropout)[0]

        gradient[:, column] = by_fourth_order(moved_parameter)
        parameters[:, column] = before
    shape = EXAMPLES, networks.layout.sizes[0]
    steps = [unit.reshape(shape) for unit in np.eye(EXAMPLES * shape[1])]
    by_inputs = [
        by_fourth_order(lambda h, unit=unit: summed_errors(networks, members, loss, dropout, h * unit)[0])
        for unit in steps
    ]
    return gradient, np.stack(by_inputs, axis=1)


def assert_gradient_is_right(networks, members, loss, *, dropout=False):
    """With respect to weights, biases, learned β and γ, and inputs; for β and γ that are not learned, it is 0."""
    keep_off_kinks(networks, members, dropout)
    (computed, by_inputs), (expected, inputs_expected) = (
        find(networks, members, loss, dropout) for find in (backpropagated, differences)
    )
    count, alive = networks.layout.parameter_count, []
    for row, member in enumerate(members):
        columns = [*range(count), *learned_columns(networks, member)]
        scale = abs(expected[row, columns]).max()
        for mine, reference in (
            (computed[row, columns], expected[row, columns]),
            (by_inputs[row], inputs_expected[row]),
        ):
            np.testing.assert_allclose(mine, reference, rtol=1e-7, atol=1e-8 * scale + 1e-11)
        assert not np.delete(computed[row], columns).any()
        if all(function.differentiable for layer in member.activations for function in layer):
            alive.append(scale > 1e-5)
    # A few networks may be dead by chance, but not many.
    assert not alive or np.mean(alive) > 0.8
