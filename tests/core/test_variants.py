"""Parameters, their domains, labels and settings."""

import dataclasses
import importlib
import math
import pkgutil
import re

import numpy as np
import pytest
from fitgap import core
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.layers import LAYERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS
from fitgap.core.variants import Domain, ParameterError, Variant, format_number, parameter
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples

TABLES = {
    "activations": ACTIVATIONS,
    "initializers": INITIALIZERS,
    "layers": LAYERS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "readings": READINGS,
    "regularizers": REGULARIZERS,
    "schedules": SCHEDULES,
    "stopping rules": STOPPINGS,
}
ROWS = [pytest.param(name, kind, id=name) for table in TABLES.values() for name, kind in table.items()]


@dataclasses.dataclass(frozen=True)
class Example(Variant):
    """One parameter of each kind."""

    size: float = parameter(above=0, headline=True)
    share: float = parameter(0.5, at_least=0, below=1)
    count: int = parameter(3, at_least=1, at_most=9, whole=True)
    form: str = parameter("plain", choices=("plain", "fancy"))


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Domain(), [0, -3e38, 2.5, 5e-324], [math.nan, math.inf, -math.inf]),
        (Domain(above=0), [1e-45, 1], [0, -0.0, -1]),
        (Domain(at_least=0), [0, -0.0, 1], [-5e-324]),
        (Domain(below=1), [0.9999999, -5], [1, 2]),
        (Domain(at_most=1), [1, 0], [1.0000000000000002]),
        (Domain(at_least=0, below=1), [0, 0.5], [1, -0.1]),
        (Domain(whole=True), [3, 3.0, -2], [3.5]),
        (Domain(choices=("a", "b")), ["a", "b"], ["c", "", 1]),
        (Domain(flag=True), [True, False], ["yes", "", 1, 0, None, "True"]),
    ],
)
def test_a_domain_accepts_what_is_inside_and_nothing_else(domain, inside, outside):
    for value in inside:
        assert domain.accept(value) == value
    for value in outside:
        with pytest.raises(ValueError):
            domain.accept(value)


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Domain(), -1e308),
        (Domain(at_least=0), 1e39),
        (Domain(above=0), 5e-324),
        (Domain(above=0), 1e-46),
        (Domain(below=1), 0.9999999999999999),
        (Domain(below=1), 1 - 1e-9),
    ],
)
def test_what_leaves_the_domain_in_single_precision_is_refused(domain, value):
    """By default, members train in float32, where β = 1 − 1e-9 would be 1 and ε = 1e-46 would be 0."""
    with pytest.raises(ValueError, match="also when rounded to float32"):
        domain.accept(value)


def test_flags_may_be_written_as_words():
    assert Domain(flag=True).accept("true") is True
    assert Domain(flag=True).accept("false") is False


@pytest.mark.parametrize("value", [True, False, "0.5", None, [1], {"a": 1}, 1j])
def test_a_number_is_a_number_and_no_truth_value(value):
    with pytest.raises(ValueError, match="a number"):
        Domain(at_least=0).accept(value)


def test_numbers_come_back_in_their_proper_type():
    assert type(Domain().accept(1)) is float
    assert type(Domain(whole=True).accept(3.0)) is int
    assert type(Domain().accept(np.float64(0.5))) is float


@pytest.mark.parametrize(
    ("domain", "rule"),
    [
        (Domain(), "a number"),
        (Domain(above=0), "a number, above 0"),
        (Domain(at_least=0, below=1), "a number, at least 0, below 1"),
        (Domain(at_least=1, at_most=9, whole=True), "a whole number, at least 1, at most 9"),
        (Domain(choices=("a", "b")), "one of a, b"),
        (Domain(flag=True), "true or false"),
    ],
)
def test_a_domain_says_its_rule_in_words(domain, rule):
    assert domain.describe() == rule


def test_settings_go_over_the_defaults():
    example = Example.from_settings({"size": 2, "form": "fancy"})
    assert example.settings() == {"size": 2.0, "share": 0.5, "count": 3, "form": "fancy"}


@pytest.mark.parametrize(
    ("settings", "name", "rule", "value"),
    [
        ({"size": 1, "sise": 2}, "sise", "is not a parameter here", 2),
        ({"share": 0.1}, "size", "must be given", None),
        ({"size": 0}, "size", "must be a number, above 0", 0),
        ({"size": 1, "share": 1}, "share", "must be a number, at least 0, below 1", 1),
        ({"size": 1, "count": 2.5}, "count", "must be a whole number, at least 1, at most 9", 2.5),
        ({"size": 1, "form": "odd"}, "form", "must be one of plain, fancy", "odd"),
        ({"size": True}, "size", "must be a number, above 0", True),
    ],
)
def test_wrong_settings_name_parameter_rule_and_value(settings, name, rule, value):
    with pytest.raises(ParameterError) as caught:
        Example.from_settings(settings)
    assert (caught.value.parameter, caught.value.rule, caught.value.value) == (name, rule, value)
    assert str(caught.value) == f"{name}: {rule}"


def test_constructors_check_as_well():
    with pytest.raises(ParameterError):
        Example(size=-1)


def test_a_label_shows_headlines_and_what_differs_from_its_default():
    assert Example(size=2).label("example") == "example:size=2"
    assert Example(size=0.001, share=0.25, form="fancy").label("x") == "x:size=0.001,share=0.25,form=fancy"
    assert ACTIVATIONS["relu"]().label("relu") == "relu"
    assert ACTIVATIONS["prelu"]().label("prelu") == "prelu:beta=0.01"
    assert OPTIMIZERS["adam"](beta_1=0.8).label("adam") == "adam:rate=0.001,beta_1=0.8"


@pytest.mark.parametrize(("value", "text"), [(0.001, "0.001"), (2.0, "2"), (1e-5, "1e-05"), (7, "7"), ("a", "a")])
def test_numbers_are_written_as_short_as_can_be(value, text):
    assert format_number(value) == text


@share_of_examples(3)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_reads_back_as_the_same(value):
    assert float(format_number(value)) == value


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_every_row_is_a_variant_that_can_be_made_from_its_settings(name, kind, draw_variant):
    drawn = draw_variant(kind, np.random.default_rng(26))
    assert kind.from_settings(drawn.settings()) == drawn
    assert hash(kind.from_settings(drawn.settings())) == hash(drawn)
    # In the shorthand of a layer, its numbers follow the name: conv8x3.
    numbers = "([0-9]+(x[0-9]+)*)?" if name in LAYERS else ""
    assert re.fullmatch(name + numbers, drawn.label(name).partition(":")[0])


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_every_row_refuses_a_parameter_it_does_not_have(name, kind):
    with pytest.raises(ParameterError, match="no_such: is not a parameter here"):
        kind.from_settings({"no_such": 1})


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_every_row_has_a_sentence_and_every_parameter_a_description(name, kind):
    """Both are what `fitgap list` shows."""
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    assert all(field.metadata["description"] for field in kind.parameters().values())


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_no_class_has_two_names(table):
    assert len(set(table.values())) == len(table)


@pytest.mark.parametrize(("name", "kind"), ROWS)
def test_kinds_tell_apart_words_and_flags_but_no_numbers(name, kind, draw_variant):
    one, other = (draw_variant(kind, np.random.default_rng(seed)) for seed in (27, 28))
    words = [each for each in kind.parameters() if each not in kind.number_names()]
    assert (one.kind() == other.kind()) == all(getattr(one, each) == getattr(other, each) for each in words)


def is_variant(row):
    return isinstance(row, type) and issubclass(row, Variant)


def test_the_tables_here_are_all_there_are():
    """Goes through the modules of the core: a new table of variants must be added to these tests."""
    modules = [importlib.import_module(f"fitgap.core.{module.name}") for module in pkgutil.iter_modules(core.__path__)]
    found = {
        id(value)
        for module in modules
        for value in vars(module).values()
        if isinstance(value, dict)
        and value
        and all(isinstance(row, type) and issubclass(row, Variant) for row in value.values())
    }
    assert found == {id(table) for table in TABLES.values()}


def test_variants_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Example(size=1).size = 2
