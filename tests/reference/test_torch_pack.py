"""The two programs of the benchmark `torch-pack` compute the gradients of all networks in a pack, and both match
one-by-one computation.
"""

import pytest
import torch

from benchmarks.peers.torch_pack import PROGRAMS, REPEATS, first_layers, mean_error

SIZES, SIZE, EXAMPLES = (6, 5, 4, 3), 8, 7


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_of_a_pack_are_those_of_its_networks(program):
    layers = first_layers(SIZES, SIZE)
    generator = torch.Generator().manual_seed(1)
    inputs, targets = (torch.randn(REPEATS, EXAMPLES, units, generator=generator) for units in (SIZES[0], SIZES[-1]))
    found = PROGRAMS[program](compiled=False).gradients(layers, inputs, targets)
    for number in range(SIZE):
        own = [tuple(each.detach()[number].requires_grad_() for each in layer) for layer in layers]
        repeat = number * REPEATS // SIZE
        error = mean_error(own, inputs[repeat], targets[repeat])
        expected = torch.autograd.grad(error, [each for layer in own for each in layer])
        for gradient, wanted in zip(found, expected, strict=True):
            torch.testing.assert_close(gradient[number], wanted)
