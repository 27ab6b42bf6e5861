from functools import partial

import numpy as np
import pytest
from fitgap.core.layers import LAYERS
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.architectures import WIDEST_LAYER
from fitgap.runner.spec.axes import AXES, read_activation, read_architecture, read_axis
from fitgap.runner.spec.configuration import Choice, layers_label
from fitgap.runner.spec.validation import SpecNode
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("name", AXES)
def test_what_an_axis_writes_reads_back(name):
    (value,) = read_axis(name, SpecNode(AXES[name].default))
    assert list(read_axis(name, SpecNode(AXES[name].write(value)))) == [value]


@pytest.mark.parametrize(
    ("written", "architecture"),
    [
        (16, (16,)),
        (16.0, (16,)),
        ("16", (16,)),
        ("64-32", (64, 32)),
        ("1024-12-14", (1024, 12, 14)),
        ("none", ()),
        (None, ()),
    ],
)
def test_architectures(written, architecture):
    assert list(read_architecture(SpecNode(written))) == [architecture]


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("conv8x3-pool2-conv16x3-pool2-32", ["conv8x3-pool2-conv16x3-pool2-32"]),
        ("conv8", ["conv8x3"]),
        ("res(8-norm)-4", ["res(8-norm)-4"]),
        ({"layer_1": 8, "layer_2": {"res": {"layers": 1}}}, ["res(8)"]),
        ("conv8x5:stride=2,padding=same-globalpool", ["conv8x5:stride=2,padding=same-globalpool"]),
        ("avgpool-4", ["avgpool2-4"]),
        ("8-norm:epsilon=1e-3-res(8)", ["8-norm:epsilon=0.001-res(8)"]),
        ({"norm": {"epsilon": 1e-6}}, ["norm:epsilon=1e-06"]),
        ({"lstm": {"units": 3, "forget": 2.5e-5}}, ["lstm3:forget=2.5e-05"]),
        ({"conv": {"channels": 8, "size": 3, "stride": 2, "padding": "same"}}, ["conv8x3:stride=2,padding=same"]),
        ({"conv": {"channels": [4, 8]}}, ["conv4x3", "conv8x3"]),
        ("gru16", ["gru16"]),
        ("lstm32-16", ["lstm32-16"]),
        ("conv8x3-rnn8:outputs=all-globalpool", ["conv8x3-rnn8:outputs=all-globalpool"]),
        ("lstm8:forget=0.5-gru4", ["lstm8:forget=0.5-gru4"]),
        ({"lstm": {"units": [4, 8], "forget": 0}}, ["lstm4:forget=0", "lstm8:forget=0"]),
        ({"layer_1": {"conv": {"channels": 8}}, "layer_2": "pool3", "layer_3": 32}, ["conv8x3-pool3-32"]),
    ],
)
def test_architectures_with_other_layers(written, labels):
    """What was read is written in shorthand, and can be read back unchanged."""
    found = list(read_architecture(SpecNode(written)))
    assert list(map(AXES["architecture"].write, found)) == labels
    assert [list(read_architecture(SpecNode(label))) for label in labels] == [[each] for each in found]


def numbers(domain):
    """Numbers that a domain accepts; some others would not survive rounding to float32."""
    low, high = (domain.at_least or domain.above or 0), domain.at_most
    if domain.whole:
        return st.integers(low, high)
    high = float(np.finfo(np.float32).max) if high is None else high
    small = st.tuples(st.integers(1, 99), st.integers(-30, -5)).map(lambda number: float("{}e{}".format(*number)))
    return (small | st.floats(low, high)).filter(partial(is_accepted, domain))


def is_accepted(domain, value):
    try:
        return domain.accept(value) == value
    except ValueError:
        return False


def settings_of(kind):
    domains = {name: field.metadata["domain"] for name, field in kind.parameters().items()}
    values = {name: st.sampled_from(each.choices) if each.choices else numbers(each) for name, each in domains.items()}
    return st.fixed_dictionaries(values)


LISTED = st.sampled_from(list(LAYERS.items())).flatmap(
    lambda item: st.builds(Choice, st.just(item[0]), settings_of(item[1]).map(lambda settings: item[1](**settings)))
)


@given(st.lists(st.integers(1, WIDEST_LAYER) | LISTED, max_size=6).map(tuple))
def test_layers_with_any_settings_read_back(architecture):
    write = AXES["architecture"].write
    assert list(read_architecture(SpecNode(write(architecture)))) == [architecture]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("conv-32", "channels must be given: a whole number"),
        ("gru-32", "units must be given: a whole number"),
        ("gru8:forget=1", "gru has no 'forget'"),
        ("rnn8:outputs=first", "outputs must be one of last, all, but is 'first'"),
        ("conv8x3x2", "'conv8x3x2' has 3 numbers, but conv has channels, size; write conv8x3$"),
        ("globalpool2", "'globalpool2' has 1 number, but globalpool has none; write globalpool$"),
        ("conv8-norm5", "'norm5' has 1 number, but norm has none; write norm$"),
        ("conv8x3-pol2", "but 'pol2' is not one; did you mean 'pool'"),
        ("conv0x3", "channels must be a whole number, at least 1"),
        ("conv8x3:strides=2", "conv has no 'strides'; did you mean 'stride'"),
        ("conv8x3:padding=full", "padding must be one of valid, same, but is 'full'"),
        ("conv8x3:stride", "must have the form key=value"),
        ("gru4:truncate=-1-8", "truncate must be a whole number, at least 0, .* but is -1"),
        ("conv8x3-", "in 'conv8x3-' a layer is missing behind a hyphen"),
        ("8-res()", "is empty; write the layers that it bypasses, as in res"),
        ("8-res(8):x=1", "has no settings; remove"),
        ("8res(8)", "a hyphen is missing in front of res"),
        ("8-res((8))", r"only res has parentheses, .* has some without res; did you mean res\(8\)"),
        ("8-res (8)", r"only res has parentheses, .* has some without res; did you mean res\(8\)"),
        ("conv8x3res(8)", "a hyphen is missing in front of res"),
        ("8-res", r"res needs the layers that it bypasses, such as res\(32-32\)"),
        ("res-8", "res needs the layers that it bypasses"),
        ("8-res0", "res needs the layers that it bypasses"),
        ("8-res:layers=0", "res needs the layers that it bypasses"),
        ("8-res65", "layers must be a whole number, at least 1, at most 64, but is 65"),
        ("conv8x3-999999999999999", "at most 100000, but is '999999999999999'"),
        ("res(8-4", r"conv8x3\)-32, but in 'res\(8-4' a parenthesis is not closed"),
        ("res(8)4", "a hyphen is missing in front of 4"),
        ("res(8))", "a closing parenthesis has no opening one"),
        ("conv8x3-residual(16)", r"only res has parentheses, .* has some after residual; did you mean res\(16\)"),
        ("(conv8x3)-8", r"has some without res; did you mean res\(conv8x3\)"),
        ("conv8x3-res", r"res needs the layers that it bypasses, such as res\(32-32\)"),
        ("-".join(["conv2"] * 65), "must have at most 64 layers, but has 65"),
        ({"conv": {"size": 3}}, "channels must be given"),
        ({"layer_2": "pool2"}, "layers must be written in order, as layer_1"),
        ({"layer_1": "pool2", "layer_2": "wide"}, "but 'wide' is not one"),
    ],
)
def test_wrong_architectures_with_other_layers(written, message):
    with pytest.raises(SpecError, match=message):
        list(read_architecture(SpecNode(written)))


@pytest.mark.parametrize(
    ("start", "repeated", "end", "message"),
    [
        ("8-", "9", "", "at most 100000 units, but is '8-9*…"),
        ("norm:epsilon=1", "1", "", "epsilon must be a number, above 0, at most 1"),
        ("conv8x3-", "a1_", "(8)", "only res has parentheses"),
    ],
)
def test_wrong_architectures_may_be_long(start, repeated, end, message):
    """The test would not end if the time to read them grew with the square of their length."""
    with pytest.raises(SpecError, match=message) as raised:
        list(read_architecture(SpecNode(start + repeated * 80_000 + end)))
    assert len(raised.value.message) < 400


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("64,32", "write 64-32$"),
        ("64 x 32", "write 64-32$"),
        ("mlp64", "layers that are not dense have these names: conv, pool, avgpool, globalpool, rnn, gru, lstm"),
        ("-5", "write 5$"),
        ("wide", "but is 'wide'; layers that are not dense"),
        ("64-", "write 64$"),
        (0, "must be a whole number, at least 1"),
        (True, "but is true$"),
        ("100001", "at most 100000 units"),
        ("99999999999", "at most 100000 units, but is '99999999999'"),
        ("8, 99999999999", "but is '8, 99999999999'$"),
        ("RES(8)", r"did you mean res\(…\)"),
        ("8-residual(16)", r"did you mean res\(…\)"),
        ("-".join(["2"] * 65), "must have at most 64 layers, but has 65"),
        ({"64": 32}, "but is a mapping$"),
    ],
)
def test_wrong_architectures(written, message):
    with pytest.raises(SpecError, match=message):
        read_architecture(SpecNode(written))


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("relu", ["relu"]),
        ("relu/silu", ["relu/silu"]),
        (" relu / silu ", ["relu/silu"]),
        ("relu+silu", ["relu+silu"]),
        ("silu+relu", ["silu+relu"]),
        ("relu + silu:share=3 / tanh", ["relu+silu:share=3/tanh"]),
        ("silu:learn=beta+gamma+relu/mish:learn=beta", ["silu:learn=beta+gamma+relu/mish:learn=beta"]),
        ({"silu": {"beta": 1.5, "learn": "beta"}}, ["silu:beta=1.5,learn=beta"]),
        ({"silu": {"learn": ["beta", "beta+gamma"]}}, ["silu:learn=beta", "silu:learn=beta+gamma"]),
        ({"relu": None, "silu": {"share": [1, 3]}}, ["relu+silu", "relu+silu:share=3"]),
        ({"layer_1": "relu"}, ["relu"]),
        ({"layer_1": "relu", "layer_2": "silu+mish"}, ["relu/silu+mish"]),
        ({"layer_1": ["relu", "tanh"], "layer_2": {"elu": {"beta": [1, 2]}}}, None),
    ],
)
def test_activations(written, labels):
    product = ["relu/elu", "relu/elu:beta=2", "tanh/elu", "tanh/elu:beta=2"]
    read = list(read_activation(SpecNode(written)))
    assert [layers_label(layers) for layers in read] == (labels or product)
    for layers in read:
        assert list(read_activation(SpecNode(AXES["activation"].write(layers)))) == [layers]


@pytest.mark.parametrize(
    ("written", "message", "path"),
    [
        ({"layer_2": "relu"}, "layers must be written in order, as layer_1$", ()),
        ({"layer_2": "relu", "layer_1": "relu"}, "in order, as layer_1, layer_2$", ()),
        ({"layer_1": "relu", "layer_3": "relu"}, "in order, as layer_1, layer_2$", ()),
        ({"layer_1": "relu", "silu": {}}, "in order, as layer_1, layer_2$", ()),
        ({"layer_1": "relu", "layer_2": None}, "must be the name of one activation.* but is empty", ("layer_2",)),
        ({"layer_1": []}, "must name at least one alternative", ("layer_1",)),
        ({"layer_1": "relu/silu"}, "there is no activation 'relu/silu'", ("layer_1",)),
        ("relu//silu", "there is no activation ''", ()),
        ("relu+relu", "'relu' is written twice; name it once", ()),
        ("none", "there is no activation 'none'", ()),
        ({"relu": {"learn": "beta"}}, "there is no setting 'learn' here; .*share", ("relu", "learn")),
        ({"prelu": {"learn": "gamma"}}, "must be one of nothing, beta, but is 'gamma'", ("prelu", "learn")),
        ({"silu": {"learn": "beta+beta"}}, "must be one of nothing, beta, gamma, beta\\+gamma", ("silu", "learn")),
        ({"silu": {"share": 0}}, "must be a number, above 0, but is 0", ("silu", "share")),
        ({"softplus": {"beta": 0}}, "must be a number, above 0, but is 0", ("softplus", "beta")),
        ({"squareplus": {"beta": -1}}, "must be a number, at least 0, but is -1", ("squareplus", "beta")),
    ],
)
def test_wrong_activations(written, message, path):
    with pytest.raises(SpecError, match=message) as caught:
        list(read_activation(SpecNode(written)))
    assert caught.value.path == path


def test_schedules_and_stopping_rules():
    (choice,) = read_axis("schedule", SpecNode("step:every=5,by=0.1,warm_up=3"))
    assert (choice.label, choice.variant.every) == ("step:warm_up=3,every=5,by=0.1", 5)
    assert list(read_axis("stopping", SpecNode([None, "none"]))) == [(), ()]
    (rules,) = read_axis("stopping", SpecNode("no_improvement+acceptable_error:error=0.01,share=1"))
    assert [rule.name for rule in rules] == ["acceptable_error", "no_improvement"]
    with pytest.raises(SpecError, match="error must be given: a number, above 0"):
        read_axis("stopping", SpecNode("acceptable_error"))
