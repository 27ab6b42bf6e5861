import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import parse_shorthand, scalar


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("relu", {"relu": {}}),
        ("adam:rate=1e-3", {"adam": {"rate": 0.001}}),
        ("adam: rate = 1e-3 , beta_1 = 0.5", {"adam": {"rate": 0.001, "beta_1": 0.5}}),
        ("l1:weight=1e-4+dropout:ratio=0.2", {"l1": {"weight": 1e-4}, "dropout": {"ratio": 0.2}}),
        ("l1:weight=1e+3+l2:weight=1E+2", {"l1": {"weight": 1000.0}, "l2": {"weight": 100.0}}),
        ("silu:learn=beta", {"silu": {"learn": "beta"}}),
        ("silu:learn=beta+gamma", {"silu": {"learn": "beta+gamma"}}),
        ("silu:learn=beta+gamma,beta=2+relu", {"silu": {"learn": "beta+gamma", "beta": 2}, "relu": {}}),
        ("relu+silu:learn=beta + mish", {"relu": {}, "silu": {"learn": "beta"}, "mish": {}}),
        ("l1:weight=1,biases=true,scope=input", {"l1": {"weight": 1, "biases": "true", "scope": "input"}}),
        ("relu:", {"relu": {}}),
        ("", {"": {}}),
    ],
)
def test_shorthand(text, named):
    assert parse_shorthand(text) == named


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adam:0.1", "'0.1' must have the form key=value"),
        ("adam:rate=0.1,0.2", "'0.2' must have the form key=value"),
        ("adam:rate=", "'rate=' must have the form key=value"),
        ("adam:rate=1,rate=2", "'rate' is written twice"),
        ("l1:weight=1+l1:weight=2", "'l1' is written twice"),
    ],
)
def test_wrong_shorthand(text, message):
    with pytest.raises(SpecError, match=message):
        parse_shorthand(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("3.0", 3.0),
        ("1e3", 1000.0),
        ("true", "true"),
        ("9" * 400, float("inf")),
        ("9" * 9000, float("inf")),
    ],
)
def test_scalars(text, value):
    assert scalar(text) == value and type(scalar(text)) is type(value)
