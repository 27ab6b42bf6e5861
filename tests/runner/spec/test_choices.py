from dataclasses import dataclass

import pytest
from fitgap.core.variants import ParameterError, Variant, parameter
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.choices import read_choice, read_combination, single_value
from fitgap.runner.spec.validation import SpecNode


@dataclass(frozen=True)
class Band(Variant):
    """A variant whose parameters depend on each other."""

    low: float = parameter(0.0)
    high: float = parameter(1.0)
    edge: str = parameter("hard", choices=("hard", "soft"))
    count: int = parameter(1, at_least=1, whole=True)
    closed: bool = parameter(False, flag=True)
    part: float = parameter(0.5, above=0, below=1)

    def __post_init__(self):
        super().__post_init__()
        if self.high < self.low:
            raise ParameterError("high", f"must be at least low, {self.low:g}", self.high)


TABLE = {"band": Band}


def labels(written):
    return [choice.label for choice in read_choice(SpecNode(written), TABLE, "band")]


def test_words_and_numbers():
    assert labels("band:high=2,edge=soft") == labels({"band": {"high": 2, "edge": "soft"}}) == ["band:high=2,edge=soft"]
    assert labels({"band": {"edge": ["hard", "soft"], "low": None}}) == ["band", "band:edge=soft"]
    assert labels({"band": None}) == ["band"]
    assert labels("band:closed=true,count=3.0") == labels({"band": {"closed": True, "count": 3}})
    assert labels({"band": {"closed": [True, "false"]}}) == ["band:closed=true", "band"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"band": {"edge": "sof"}}, "must be one of hard, soft, but is 'sof'"),
        ({"band": {"edge": {}}}, "must be one of hard, soft, but is an empty mapping"),
        ({"band": {"low": 10**400}}, "must be a number, but is 1000"),
        ({"band": {"low": 3}}, "high must be at least low, 3, but is 1.0"),
        ({"band": {"count": 1.5}}, "must be a whole number, at least 1, but is 1.5"),
        ({"band": {"closed": 1}}, "must be true or false, but is 1"),
        ("band:closed=yes", "must be true or false, but is 'yes'"),
        ({"band": {"closed": {}}}, "must be true or false, but is an empty mapping"),
        ({"band": {"part": 1 - 1e-9}}, "above 0, below 1, also when rounded to float32, but is 0.999999999"),
        ({"band": {"part": 1e-50}}, "above 0, below 1, also when rounded to float32, but is 1e-50"),
        ({"band": {"low": 1e39}}, "must be a number, also when rounded to float32, but is 1e\\+39"),
        ({"band": 3}, "must be a mapping of settings, such as low, but is 3"),
        ({}, "must name at least one band"),
        (True, "must be the name of one band, or its name and settings, but is true"),
        (None, "but is empty"),
        ("", "there is no band ''"),
        ("none", "there is no band 'none'"),
        ("x" * 1000, "there is no band 'x{58}…"),
    ],
)
def test_wrong_choices(written, message):
    with pytest.raises(SpecError, match=message):
        list(read_choice(SpecNode(written), TABLE, "band"))


def test_only_a_combination_may_be_none():
    assert (
        list(read_combination(SpecNode("none"), TABLE, "band"))
        == list(read_combination(SpecNode(None), TABLE, "band"))
        == [()]
    )


def test_single_value_refuses_alternatives():
    node = SpecNode({"band": {"low": [0, 1]}}, ("here",))
    with pytest.raises(SpecError, match="must be one value, but has 2") as caught:
        single_value(read_choice(node, TABLE, "band"), node)
    assert caught.value.path == ("here",)
