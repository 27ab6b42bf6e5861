"""Whole trainings of a pack with all their results, and bit-for-bit comparison of these."""

import dataclasses

import numpy as np
from fitgap.core.activation_parameters import own_layout
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS
from fitgap.core.training import Pack


def at_rate(kind, rate):
    """An optimizer with this learning rate, if it has one."""
    return kind(rate=rate) if "rate" in kind.parameters() else kind()


def own_parameters(row, member, network):
    """Weights, biases, and every β and γ of one member, from its own row (P,)."""
    layout = own_layout(network, member)
    columns = [
        layout.function_parameter(layer, position, name)
        for layer, functions in enumerate(member.activations, start=1)
        for position, function in enumerate(functions)
        for name in FUNCTION_PARAMETERS
        if name in function.parameters()
    ]
    return np.concatenate([row[: layout.parameter_count], row[columns]])


class Training:
    """All results of a training: per member its epochs, each a dictionary of numbers, and its learned parameters.

    With `states`, training resumes from them and has only the later epochs. With `until`, it is abandoned after that
    epoch, and has the states of the members that had not ended.
    """

    def __init__(self, shape, members, examples, states=None, until=None):
        self.epochs = {number: [] for number in range(len(members))}
        self.parameters, self.learned, self.states = {}, {}, {}
        pack = Pack(shape, members, examples, states)
        for results in pack.run():
            columns = [field.name for field in dataclasses.fields(results) if field.name not in ("members", "epoch")]
            for row, number in enumerate(results.members.tolist()):
                numbers = {name: getattr(results, name)[row] for name in columns}
                self.epochs[number].append({"epoch": results.epoch, **numbers})
                if results.epoch == until and not (results.finished[row] or results.diverged[row]):
                    self.states[number] = pack.state_of(number)
                elif results.finished[row] or results.diverged[row]:
                    self.parameters[number] = own_parameters(pack.parameters_of(number), members[number], shape.network)
                    self.learned[number] = pack.learned_by(number)
            if results.epoch == until:
                return

    def last(self, number, name):
        return self.epochs[number][-1][name]


def same(one, other):
    if one is None or isinstance(one, str):
        return one == other
    return np.array_equal(one, other, equal_nan=True)


def assert_same_epochs(epochs, others):
    assert len(epochs) == len(others)
    for mine, theirs in zip(epochs, others, strict=True):
        for name, value in mine.items():
            assert same(value, theirs[name]), name
