import dataclasses
import json

import pytest
from hypothesis import given
from spec_strategies import REGULARIZER_SETS, shorthand

from core.activations import ACTIVATIONS
from core.initializers import INITIALIZERS
from core.losses import LOSSES
from core.optimizers import OPTIMIZERS
from core.regularizers import REGULARIZERS
from runner.errors import SpecError
from runner.spec import Choice, Configuration
from runner.spec.choices import read_combination
from runner.spec.nodes import Node

CONFIGURATION = Configuration(
    architecture=(64, 32),
    activation=Choice("prelu", ACTIVATIONS["prelu"](beta=0.05)),
    output_activation=Choice("identity", ACTIVATIONS["identity"]()),
    initializer=Choice("he_normal", INITIALIZERS["he_normal"]()),
    regularizers=(Choice("l1", REGULARIZERS["l1"](weight=1e-4)), Choice("dropout", REGULARIZERS["dropout"](ratio=0.2))),
    optimizer=Choice("adam", OPTIMIZERS["adam"]()),
    loss=Choice("half_squared_error", LOSSES["half_squared_error"]()),
    batch_size=32,
    epochs=30,
    dtype="float32",
)


def test_labels():
    assert CONFIGURATION.architecture_label == "64-32"
    assert CONFIGURATION.regularizer_label == "l1:weight=0.0001+dropout:ratio=0.2"
    assert CONFIGURATION.activation.label == "prelu:beta=0.05"


def test_the_hash_is_the_same_for_ever():
    # Databases hold it: when this fails, every stored sweep loses its configurations.
    assert CONFIGURATION.hash == "3731254355e7d6c1"


def test_the_canonical_form_holds_everything():
    canonical = CONFIGURATION.canonical()
    assert canonical["architecture"] == [64, 32]
    assert canonical["optimizer"] == {"name": "adam", "rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    assert [choice["name"] for choice in canonical["regularizers"]] == ["l1", "dropout"]
    assert Configuration.from_canonical(json.loads(json.dumps(canonical))) == CONFIGURATION


def test_every_setting_changes_the_hash():
    changed = {
        "architecture": (64,),
        "activation": Choice("prelu", ACTIVATIONS["prelu"](beta=0.06)),
        "regularizers": (),
        "batch_size": 33,
        "epochs": 31,
        "dtype": "float64",
    }
    hashes = {dataclasses.replace(CONFIGURATION, **{name: value}).hash for name, value in changed.items()}
    assert len(hashes | {CONFIGURATION.hash}) == len(changed) + 1


def test_a_variant_of_a_later_version_is_refused():
    stored = CONFIGURATION.canonical()
    with pytest.raises(SpecError, match="'lion' does not exist in this version"):
        Configuration.from_canonical({**stored, "optimizer": {"name": "lion"}})
    with pytest.raises(SpecError, match="'adam' does not fit this version: warmth"):
        Configuration.from_canonical({**stored, "optimizer": {"name": "adam", "warmth": 1}})


@given(REGULARIZER_SETS)
def test_a_label_reads_back_as_the_same_choices(written):
    (choices,) = read_combination(Node(shorthand(written)), REGULARIZERS, "regularizer")
    label = "+".join(choice.label for choice in choices) or "none"
    assert list(read_combination(Node(label), REGULARIZERS, "regularizer")) == [choices]
