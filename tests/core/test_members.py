"""Members that cannot be trained, and the messages about them."""

import itertools

import pytest
from fitgap.core.activations import ACTIVATIONS, Identity, ReLU, Sigmoid, Sign, Tanh, Threshold
from fitgap.core.losses import LOSSES, HalfSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.members import why_untrainable
from fitgap.core.optimizers import OPTIMIZERS, Adam, Fixed, PerceptronRule

HARD = [name for name, kind in ACTIVATIONS.items() if not kind.differentiable]


def layers(*functions):
    return tuple(each if isinstance(each, tuple) else (each,) for each in functions)


def test_only_threshold_and_sign_have_no_derivative():
    assert HARD == ["threshold", "sign"]


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"perceptron"}))
def test_functions_with_a_derivative_go_with_every_optimizer(name):
    for hidden, output in itertools.product(ACTIVATIONS.values(), repeat=2):
        if hidden.differentiable and output.differentiable:
            assert why_untrainable(layers(hidden(), output()), OPTIMIZERS[name](), HalfSquaredError()) is None


@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("name", sorted(name for name, kind in OPTIMIZERS.items() if kind.descends))
def test_one_hard_function_anywhere_stops_gradient_descent(name, hard):
    """The message names the function and suggests alternatives."""
    step = ACTIVATIONS[hard]()
    for functions in (layers(step, Identity()), layers(Tanh(), step), layers((Tanh(), step), Tanh()), layers(step)):
        message = why_untrainable(functions, OPTIMIZERS[name](), HalfSquaredError())
        assert message.startswith(f"{hard} ") and "perceptron" in message and "fixed" in message


@pytest.mark.parametrize("hard", HARD)
def test_a_hard_network_can_be_evaluated_and_a_perceptron_trained(hard):
    step = ACTIVATIONS[hard]()
    for functions in (layers(step), layers(step, step), layers(Tanh(), (step, Identity()))):
        assert why_untrainable(functions, Fixed(), HalfSquaredError()) is None
    assert why_untrainable(layers(step), PerceptronRule(), HalfSquaredError()) is None


@pytest.mark.parametrize(
    "functions",
    [
        layers(Tanh(), Threshold()),
        layers(Threshold(), Threshold()),
        layers(Sigmoid()),
        layers((Threshold(), Tanh())),
        layers(Identity()),
    ],
)
def test_the_perceptron_rule_trains_a_single_hard_layer_and_nothing_else(functions):
    message = why_untrainable(functions, PerceptronRule(), HalfSquaredError())
    assert "without hidden layers" in message and "threshold or sign" in message


@pytest.mark.parametrize("name", sorted(name for name, kind in LOSSES.items() if kind.link))
def test_a_loss_with_a_function_of_its_own_wants_identity_outputs(name):
    loss = LOSSES[name]()
    for output in ACTIVATIONS.values():
        message = why_untrainable(layers(ReLU(), output()), Fixed(), loss)
        if output is Identity:
            assert message is None
        else:
            assert loss.link in message and "identity" in message
    assert why_untrainable(layers((Identity(), Tanh())), Adam(), loss) is not None
    assert why_untrainable(layers((Identity(), Identity())), Adam(), loss) is None
    assert "half_squared_error" in why_untrainable(layers(Sign()), PerceptronRule(), loss)


def test_links_are_named():
    assert (SoftmaxCrossEntropy.link, SigmoidCrossEntropy.link, HalfSquaredError.link) == ("softmax", "sigmoid", "")
