import json
import math

import numpy as np
import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Configuration, Sweep, sweep_from_text
from fitgap.runner.spec.axes import AXES
from hypothesis import given
from hypothesis import strategies as st
from support.spec.spec_strategies import WRITTEN_FILES


def axes_of(text):
    return sweep_from_text(f"data: digits\naxes: {text}").axes


@given(WRITTEN_FILES)
def test_distinct_alternatives_give_their_product(written):
    sweep = Sweep.from_canonical(written)
    configurations = sweep.configurations()
    assert len(configurations) == math.prod(len(set(values)) for values in sweep.axes.values())
    assert len({configuration.hash for configuration in configurations}) == len(configurations)
    for configuration in configurations:
        assert Configuration.from_canonical(json.loads(json.dumps(configuration.canonical()))) == configuration


def test_every_axis_has_one_alternative_by_default():
    sweep = sweep_from_text("data: digits")
    (configuration,) = sweep.configurations()
    assert set(sweep.axes) == set(AXES)
    assert configuration.architecture_label == "none"
    assert configuration.regularizer_label == "none"
    assert configuration.activation_label == "relu"
    assert configuration.optimizer.label == "adam:rate=0.001"
    assert (configuration.initializer.label, configuration.output_activation_label) == ("auto", "identity")
    assert (configuration.schedule.label, configuration.stopping_label) == ("constant", "none")
    assert (configuration.epochs, configuration.batch_size, configuration.dtype) == (30, 32, "float32")
    assert configuration.loss.name == "half_squared_error"
    assert (sweep.name, sweep.seed, sweep.repeats) == ("sweep", 0, 1)
    assert (sweep.training.outputs, sweep.training.measure, sweep.training.keep) == (None, None, "none")


def test_the_axis_written_last_changes_fastest():
    sweep = sweep_from_text("data: digits\naxes: {epochs: [1, 2], architecture: [8, 4]}")
    pairs = [(configuration.epochs, configuration.architecture) for configuration in sweep.configurations()]
    assert pairs == [(1, (8,)), (1, (4,)), (2, (8,)), (2, (4,))]


def test_duplicates_are_removed():
    sweep = sweep_from_text(
        "data: digits\naxes: {activation: [relu, relu/relu, tanh, {layer_1: relu}], initializer: [auto, zeros, auto]}"
    )
    pairs = [(each.activation_label, each.initializer.label) for each in sweep.configurations()]
    assert pairs == [
        ("relu", "auto"),
        ("relu", "zeros"),
        ("relu/relu", "auto"),
        ("relu/relu", "zeros"),
        ("tanh", "auto"),
        ("tanh", "zeros"),
    ]


def test_a_setting_means_the_same_under_training_and_as_an_axis_of_one():
    settings = (
        *("epochs: 7", "batch_size: 3", "initializer: zeros", "output_activation: sigmoid+relu"),
        *("schedule: {step: {every: 3}}", "stopping: {acceptable_error: {error: 0.1}, no_improvement: }"),
    )
    for setting in settings:
        under_training = sweep_from_text(f"data: digits\ntraining: {{{setting}}}")
        as_axis = sweep_from_text(f"data: digits\naxes: {{{setting}}}")
        assert under_training == as_axis


def test_a_list_anywhere_is_alternatives():
    nested = axes_of("{optimizer: [[adam, [momentum]], {adam: {rate: [0.1, [0.2]], beta_1: [0.5, 0.6]}}]}")["optimizer"]
    assert [choice.label for choice in nested] == [
        "adam:rate=0.001",
        "momentum:rate=0.01",
        "adam:rate=0.1,beta_1=0.5",
        "adam:rate=0.1,beta_1=0.6",
        "adam:rate=0.2,beta_1=0.5",
        "adam:rate=0.2,beta_1=0.6",
    ]
    assert (
        axes_of("{optimizer: {adam: [{rate: 0.1}, {beta_1: 0.5}]}}")["optimizer"]
        == axes_of("{optimizer: [{adam: {rate: 0.1}}, {adam: {beta_1: 0.5}}]}")["optimizer"]
    )


def test_regularizers_stand_in_the_order_of_their_table():
    one, other = (
        sweep_from_text(f"data: digits\naxes: {{regularizer: {text}}}").configurations()
        for text in ("{dropout: {ratio: 0.2}, l1: {weight: 1}}", '"l1:weight=1 + dropout:ratio=2e-1"')
    )
    assert one == other
    assert one[0].regularizer_label == "l1:weight=1+dropout:ratio=0.2"


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("a", True),
        ("a-B_1.2", True),
        ("12x", True),
        ("12", False),
        ("", False),
        ("a b", False),
        ("ä", False),
        ("x\n", False),
    ],
)
def test_names(name, valid):
    written = {"name": name, "data": {"source": "digits"}}
    if valid:
        assert Sweep.from_canonical(written).name == name
    else:
        with pytest.raises(SpecError, match="must be 1 to 64 letters"):
            Sweep.from_canonical(written)


def test_plain_data_from_python_may_be_wrong_too():
    for wrong in ({5: {}}, {"axes": {5: [1]}}, {"axes": {"optimizer": {5: {}}}}, {"data": None}, {"axes": ()}):
        with pytest.raises(SpecError):
            Sweep.from_canonical({"data": {"source": "digits"}, **wrong})


def test_a_sweep_of_a_later_version_is_refused():
    written = sweep_from_text("data: digits").canonical()
    written["axes"]["optimizer"] = [{"lion": {"rate": 0.1}}]
    with pytest.raises(SpecError, match="there is no optimizer 'lion'"):
        Sweep.from_canonical(written)


@given(WRITTEN_FILES)
def test_the_canonical_form_is_stable(written):
    sweep = Sweep.from_canonical(written)
    canonical = json.loads(json.dumps(sweep.canonical(), allow_nan=False))
    assert Sweep.from_canonical(canonical) == sweep
    assert Sweep.from_canonical(canonical).canonical() == canonical


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("{outputs: unrecognized}", "unrecognized"),
        ("{outputs: {unrecognized: {share: 0.5}}}", "unrecognized:share=0.5"),
        ("{outputs: intervals}", "intervals"),
    ],
)
def test_outputs(written, label):
    sweep = sweep_from_text(f"data: digits\ntraining: {written}")
    assert sweep.training.outputs.label == label
    assert Sweep.from_canonical(sweep.canonical()) == sweep


def test_outputs_as_suits_the_data():
    assert sweep_from_text("data: digits\ntraining: {outputs: auto}").training.outputs is None


@pytest.mark.parametrize(("written", "count"), [("all", None), ("500", 500), ("500.0", 500)])
def test_measure(written, count):
    assert sweep_from_text(f"data: digits\ntraining: {{measure: {written}}}").training.measure == count


RECORDED = [
    ("all", 1, "all"),
    ("{every: 10}", 10, {"every": 10}),
    ("every=10", 10, {"every": 10}),
    ("{every: 1}", 1, "all"),
    ("{epochs: log}", None, {"epochs": "log"}),
    ("epochs=log", None, {"epochs": "log"}),
]


@pytest.mark.parametrize(("written", "every", "canonical"), RECORDED)
def test_record(written, every, canonical):
    """Recording every epoch is the same however it is written."""
    training = sweep_from_text(f"data: digits\ntraining: {{record: {written}}}").training
    assert (training.record.every, training.canonical()["record"]) == (every, canonical)


TRAINABLE = [
    "{architecture: [none], output_activation: threshold, optimizer: perceptron}",
    "{architecture: none, activation: threshold, output_activation: [threshold, sign], optimizer: perceptron}",
    "{architecture: none, output_activation: threshold+sign, optimizer: perceptron}",
    "{architecture: [none, 8], activation: threshold, output_activation: sign, optimizer: fixed}",
    "{architecture: none, activation: threshold, optimizer: adam}",
    "{architecture: 8, activation: silu+mish/tanh, output_activation: sigmoid}",
]
UNTRAINABLE = {
    "{architecture: [none, 8], activation: threshold}": "8, threshold/identity, adam.* cannot be trained: threshold",
    "{architecture: 8, activation: relu+sign}": r"8, relu\+sign/identity, adam.*: sign has derivative 0",
    "{architecture: 8-8, activation: relu/sign}": "8-8, relu/sign/identity, adam.*: sign has derivative 0",
    "{output_activation: threshold}": "none, threshold, adam.*: threshold has derivative 0",
    "{output_activation: [identity, threshold+relu]}": r"none, threshold\+relu, adam.*: threshold has derivative 0",
    "{optimizer: [adam, perceptron]}": "none, identity, perceptron.*: the perceptron rule trains networks without",
    "{architecture: 4, output_activation: sign, optimizer: perceptron}": "4, relu/sign, perceptron.*without hidden",
    "{output_activation: sign+relu, optimizer: perceptron}": r"none, sign\+relu, perceptron.*: .*threshold or sign",
}


@pytest.mark.parametrize("axes", TRAINABLE)
def test_combinations_that_can_be_trained(axes):
    assert sweep_from_text(f"data: xor\naxes: {axes}").configurations()


@pytest.mark.parametrize("axes", UNTRAINABLE)
def test_combinations_that_cannot_be_trained(axes):
    with pytest.raises(SpecError, match=f"sweep.yaml:2:1: axes: {UNTRAINABLE[axes]}"):
        sweep_from_text(f"data: xor\naxes: {axes}")


@pytest.mark.parametrize(
    ("axes", "loss", "message"),
    [
        ("{output_activation: tanh}", "softmax_cross_entropy", "this loss applies softmax itself; make .* identity"),
        ("{output_activation: [identity, sigmoid]}", "sigmoid_cross_entropy", "this loss applies sigmoid itself"),
        ("{output_activation: identity+relu}", "softmax_cross_entropy", "this loss applies softmax itself"),
        (
            "{output_activation: sign, optimizer: perceptron}",
            "softmax_cross_entropy",
            "the perceptron rule needs the loss half_squared_error",
        ),
    ],
)
def test_losses_that_do_not_go_with_the_outputs(axes, loss, message):
    with pytest.raises(SpecError, match=message):
        sweep_from_text(f"data: digits\naxes: {axes}\ntraining: {{loss: {loss}}}")


@given(
    st.sampled_from(
        [
            *("dropout:ratio={}", "l2:weight={}", "l1:weight={}"),
            *("momentum:beta={}", "adam:beta_2={}", "adam:epsilon={}", "rmsprop:rate={}"),
        ]
    ),
    st.one_of(st.floats(0, 1e-30), st.floats(1 - 1e-6, 1), st.floats(1e38, 1e40)),
)
def test_what_is_accepted_keeps_its_bounds_in_float32(template, value):
    axis = "regularizer" if template[:2] in ("dr", "l1", "l2") else "optimizer"
    try:
        sweep = sweep_from_text(f"data: digits\naxes: {{{axis}: '{template.format(repr(value))}'}}")
    except SpecError as error:
        assert "must be a number" in str(error)
        return
    (choice,) = next(zip(*sweep.axes[axis], strict=True)) if axis == "regularizer" else sweep.axes[axis]
    for name, field in choice.variant.parameters().items():
        if name in choice.variant.number_names():
            rounded = np.float32(getattr(choice.variant, name))
            assert np.isfinite(rounded) and field.metadata["domain"].holds(float(rounded))
