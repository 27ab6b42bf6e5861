import json
import math

import pytest
from hypothesis import given
from spec_strategies import WRITTEN_SWEEPS

from runner.errors import SpecError
from runner.spec import Configuration, Sweep, sweep_from_text
from runner.spec.axes import AXES


def axes_of(text):
    return sweep_from_text(f"data: digits\naxes: {text}").axes


@given(WRITTEN_SWEEPS)
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
    assert configuration.activation.label == "relu"
    assert configuration.optimizer.label == "adam:rate=0.001"
    assert (configuration.initializer.name, configuration.output_activation.name) == ("he_normal", "identity")
    assert (configuration.epochs, configuration.batch_size, configuration.dtype) == (30, 32, "float32")
    assert configuration.loss.name == "half_squared_error"
    assert (sweep.name, sweep.seed, sweep.repeats) == ("sweep", 0, 1)


def test_the_axis_written_last_changes_fastest():
    sweep = sweep_from_text("data: digits\naxes: {epochs: [1, 2], architecture: [8, 4]}")
    pairs = [(configuration.epochs, configuration.architecture) for configuration in sweep.configurations()]
    assert pairs == [(1, (8,)), (1, (4,)), (2, (8,)), (2, (4,))]


def test_duplicates_are_removed():
    sweep = sweep_from_text(
        "data: digits\naxes: {activation: [relu, relu, tanh], initializer: [auto, he_normal, glorot_uniform]}"
    )
    pairs = [(each.activation.name, each.initializer.name) for each in sweep.configurations()]
    assert pairs == [
        ("relu", "he_normal"),
        ("relu", "glorot_uniform"),
        ("tanh", "glorot_uniform"),
        ("tanh", "he_normal"),
    ]


def test_a_setting_means_the_same_under_training_and_as_an_axis_of_one():
    for setting in ("epochs: 7", "batch_size: 3", "initializer: zeros", "output_activation: sigmoid"):
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
