import dataclasses
import json

import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS
from fitgap.runner.data import SOURCES
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Choice, Configuration, configuration
from fitgap.runner.spec.axes import read_activation
from fitgap.runner.spec.choices import read_choice, read_combination, read_mixture
from fitgap.runner.spec.configuration import TABLES, combination_label, layers_label
from fitgap.runner.spec.validation import SpecNode
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples
from support.spec.spec_strategies import (
    REGULARIZER_SETS,
    STOPPING_SETS,
    Table,
    layers_of,
    settings_of,
    shorthand,
    values_of,
    variants_of,
)


def choice(table: Table, name: str, **settings) -> Choice:
    return Choice(name, table[name](**settings))


CONFIGURATION = Configuration(
    architecture=(64, 32, 16),
    activation=(
        (choice(ACTIVATIONS, "prelu", beta=0.05),),
        (choice(ACTIVATIONS, "relu"), choice(ACTIVATIONS, "silu", learn="beta+gamma", share=3)),
    ),
    output_activation=(choice(ACTIVATIONS, "identity"),),
    initializer=choice(INITIALIZERS, "auto"),
    regularizers=(choice(REGULARIZERS, "l1", weight=1e-4), choice(REGULARIZERS, "dropout", ratio=0.2)),
    optimizer=choice(OPTIMIZERS, "adam"),
    schedule=choice(SCHEDULES, "cosine", warm_up=3),
    stopping=(choice(STOPPINGS, "no_improvement", epochs=20),),
    loss=choice(LOSSES, "half_squared_error"),
    batch_size=32,
    epochs=30,
    dtype="float32",
)
ROWS = {
    f"{group}-{name}": (table, name)
    for group, table in {**TABLES, "outputs": READINGS, "source": SOURCES}.items()
    for name in table
}


def test_labels():
    assert CONFIGURATION.architecture_label == "64-32-16"
    assert CONFIGURATION.regularizer_label == "l1:weight=0.0001+dropout:ratio=0.2"
    assert CONFIGURATION.activation_label == "prelu:beta=0.05/relu+silu:share=3,learn=beta+gamma"
    assert CONFIGURATION.output_activation_label == "identity"
    assert CONFIGURATION.schedule.label == "cosine:warm_up=3"
    assert CONFIGURATION.stopping_label == "no_improvement:epochs=20"
    assert dataclasses.replace(CONFIGURATION, stopping=()).stopping_label == "none"


def test_the_functions_of_a_layer():
    first, second = CONFIGURATION.activation
    output = CONFIGURATION.output_activation
    assert [CONFIGURATION.functions(layer) for layer in (1, 2, 3, 4)] == [first, second, second, output]
    shallow = dataclasses.replace(CONFIGURATION, architecture=(8,))
    assert [shallow.functions(layer) for layer in (1, 2)] == [first, output]
    none = dataclasses.replace(CONFIGURATION, architecture=())
    assert none.functions(1) == output


def test_the_hash_is_the_same_for_ever():
    # Databases store this hash: if it changes, every stored sweep loses its configurations.
    assert CONFIGURATION.hash == "8a1b8c4f1e4eddf6"


def test_the_canonical_form_holds_everything():
    canonical = CONFIGURATION.canonical()
    assert canonical["architecture"] == [64, 32, 16]
    assert canonical["activation"] == [
        [{"name": "prelu", "share": 1.0, "beta": 0.05, "learn": "nothing"}],
        [
            {"name": "relu", "share": 1.0},
            {"name": "silu", "share": 3.0, "beta": 1.0, "gamma": 1.0, "learn": "beta+gamma"},
        ],
    ]
    assert canonical["optimizer"] == {
        **{"name": "adam", "rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
        "form": "kingma_ba",
    }
    assert canonical["initializer"] == {"name": "auto"}
    assert canonical["schedule"] == {"name": "cosine", "warm_up": 3, "lowest": 0.0}
    assert canonical["stopping"] == [{"name": "no_improvement", "epochs": 20, "least": 0.0}]
    assert [choice["name"] for choice in canonical["regularizers"]] == ["l1", "dropout"]
    assert Configuration.from_canonical(json.loads(json.dumps(canonical))) == CONFIGURATION


def test_every_setting_changes_the_hash():
    first, second = CONFIGURATION.activation
    changed = [
        {"architecture": (64,)},
        {"activation": (first,)},
        {"activation": (second, first)},
        {"activation": (first, second[::-1])},
        {"output_activation": (choice(ACTIVATIONS, "tanh"),)},
        {"initializer": choice(INITIALIZERS, "he_normal")},
        {"regularizers": ()},
        {"optimizer": choice(OPTIMIZERS, "adam", form="notes")},
        {"schedule": choice(SCHEDULES, "cosine")},
        {"stopping": ()},
        {"loss": choice(LOSSES, "softmax_cross_entropy")},
        {"batch_size": 33},
        {"epochs": 31},
        {"dtype": "float64"},
        {"training_examples": 1},
        {"training_examples": 0.5},
        {"label_noise": 0.1},
        {"preprocess": "none"},
    ]
    assert {name for change in changed for name in change} == {
        field.name for field in dataclasses.fields(Configuration)
    }
    hashes = {dataclasses.replace(CONFIGURATION, **change).hash for change in changed}
    assert len(hashes | {CONFIGURATION.hash}) == len(changed) + 1


def test_a_variant_of_a_later_version_is_refused():
    stored = CONFIGURATION.canonical()
    with pytest.raises(SpecError, match="'lion' does not exist in this version"):
        Configuration.from_canonical({**stored, "optimizer": {"name": "lion"}})
    with pytest.raises(SpecError, match="'adam' does not fit this version: warmth"):
        Configuration.from_canonical({**stored, "optimizer": {"name": "adam", "warmth": 1}})
    with pytest.raises(SpecError, match="'gelu' does not exist in this version"):
        Configuration.from_canonical({**stored, "activation": [[{"name": "gelu"}]]})


def test_a_configuration_does_not_depend_on_what_was_restored_before(monkeypatch):
    """1 and 1.0, and 0.0 and -0.0, are equal in Python, but not as text, from which the hash is computed."""
    pairs = [(rate, beta) for rate in (1, 1.0) for beta in (0, 0.0, -0.0)]
    forms = [
        {**CONFIGURATION.canonical(), "optimizer": {"name": "momentum", "rate": rate, "beta": beta}}
        for rate, beta in pairs
    ]
    alone = []
    for form in forms:
        monkeypatch.setattr(configuration, "KNOWN_CHOICES", {})
        alone.append(Configuration.from_canonical(form).hash)
    # One after the other, in either direction.
    assert [Configuration.from_canonical(form).hash for form in forms] == alone
    assert [Configuration.from_canonical(form).hash for form in forms[::-1]] == alone[::-1]


def test_only_so_many_choices_are_remembered(monkeypatch):
    stored = CONFIGURATION.canonical()
    monkeypatch.setattr(configuration, "KNOWN_CHOICES", {})
    monkeypatch.setattr(configuration, "MOST_CHOICES", 5)
    for number in range(1, 20):
        changed = {**stored, "optimizer": {**stored["optimizer"], "rate": number / 100}}
        assert Configuration.from_canonical(changed).canonical() == changed
        assert len(configuration.KNOWN_CHOICES) <= 5


@pytest.mark.parametrize("row", ROWS)
@share_of_examples(0.3)
@given(data=st.data())
def test_the_label_of_every_row_reads_back_as_the_same_choice(row, data):
    table, name = ROWS[row]
    written = Choice(name, table[name](**data.draw(settings_of(table[name]))))
    assert list(read_choice(SpecNode(written.label), table, "row")) == [written]
    assert list(read_choice(SpecNode({name: written.variant.settings()}), table, "row")) == [written]
    assert Choice.from_canonical(json.loads(json.dumps(written.canonical())), table) == written


# Each value of every parameter that is a word or a Boolean, so that none is left to random draws.
WORDS = [
    (row, parameter, value)
    for row, (table, name) in ROWS.items()
    for parameter, field in table[name].parameters().items()
    for value in field.metadata["domain"].choices or ((True, False) if field.metadata["domain"].flag else ())
]


@pytest.mark.parametrize(("row", "parameter", "value"), WORDS)
@share_of_examples(0.2)
@given(data=st.data())
def test_every_word_reads_back_from_a_label(row, parameter, value, data):
    table, name = ROWS[row]
    written = Choice(name, table[name](**{**data.draw(settings_of(table[name])), parameter: value}))
    assert list(read_choice(SpecNode(written.label), table, "row")) == [written]


def test_the_words_that_need_care_are_among_them():
    assert {"activation-silu", "activation-sigmoid", "activation-softplus"} <= {
        row for row, parameter, value in WORDS if (parameter, value) == ("learn", "beta+gamma")
    }
    assert {(parameter, value) for row, parameter, value in WORDS if row == "regularizers-l1"} == {
        *(("scope", "network"), ("scope", "input"), ("biases", True), ("biases", False))
    }


@given(variants_of(ACTIVATIONS, most=4))
def test_the_label_of_a_mixture_reads_back_in_its_order(written):
    (functions,) = read_mixture(SpecNode(shorthand(written)), ACTIVATIONS, "activation")
    assert [function.name for function in functions] == list(written)
    label = combination_label(functions)
    assert list(read_mixture(SpecNode(label), ACTIVATIONS, "activation")) == [functions]


@given(layers_of(ACTIVATIONS))
def test_the_label_of_layers_reads_back_as_the_same_layers(written):
    (layers,) = read_activation(SpecNode(written))
    assert list(read_activation(SpecNode(shorthand(written)))) == [layers]
    assert list(read_activation(SpecNode(layers_label(layers)))) == [layers]


@pytest.mark.parametrize(
    ("table", "written"), [(REGULARIZERS, REGULARIZER_SETS), (STOPPINGS, STOPPING_SETS)], ids=["regularizers", "rules"]
)
@given(data=st.data())
def test_the_label_of_a_combination_reads_back_as_the_same_choices(table, written, data):
    (choices,) = read_combination(SpecNode(shorthand(data.draw(written))), table, "row")
    assert list(read_combination(SpecNode(combination_label(choices)), table, "row")) == [choices]


@given(st.data())
def test_values_of_strategies_are_accepted(data):
    # The strategies above would find little if they drew values that are refused.
    table, name = ROWS[data.draw(st.sampled_from(list(ROWS)))]
    for field in table[name].parameters().values():
        value = data.draw(values_of(field.metadata["domain"]))
        assert field.metadata["domain"].accept(value) == value
