import pytest

from runner.errors import SpecError
from runner.spec.axes import AXES, read_architecture, read_axis
from runner.spec.nodes import Node


@pytest.mark.parametrize("name", AXES)
def test_what_an_axis_writes_reads_back(name):
    (value,) = read_axis(name, Node(AXES[name].default))
    assert list(read_axis(name, Node(AXES[name].write(value)))) == [value]


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
    assert list(read_architecture(Node(written))) == [architecture]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("64,32", "write 64-32$"),
        ("64 x 32", "write 64-32$"),
        ("-5", "write 5$"),
        ("wide", "but is 'wide'$"),
        ("64-", "write 64$"),
        (0, "must be a whole number, at least 1"),
        (True, "but is true$"),
        ("100001", "at most 100000 units"),
        ("-".join(["2"] * 65), "must have at most 64 layers, but has 65"),
        ({"64": 32}, "but is a mapping$"),
    ],
)
def test_wrong_architectures(written, message):
    with pytest.raises(SpecError, match=message):
        read_architecture(Node(written))
