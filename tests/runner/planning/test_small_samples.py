"""Validation examples that are too few are named, with what would help."""

import pytest
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.planning.small_samples import small_samples
from fitgap.runner.spec import sweep_from_mapping


def found(**data):
    return small_samples(prepare_sweep(sweep_from_mapping({"data": {"source": "iris", **data}, "repeats": 2})))


def test_enough_examples_are_not_mentioned():
    assert found(validation=0.3, stratified=True) == []


def test_a_small_validation_side_and_its_classes_are_named():
    total, *classes = found(validation=0.1, stratified=True)
    assert total.startswith("only 15 validation examples in a repeat") and "folds: 5" in total
    assert len(classes) == 1 and "of class setosa (5), versicolor (5), virginica (5), so" in classes[0]


def test_folds_are_counted_together():
    assert found(validation={"folds": 10}) == []


@pytest.mark.parametrize("rows", [40, 400])
def test_a_rare_class_is_named(tmp_path, rows):
    lines = [f"{number / 7 % 1},{'rare' if number % 20 == 0 else 'common'}" for number in range(rows)]
    (tmp_path / "it.csv").write_text("x,y\n" + "\n".join(lines))
    data = {"source": str(tmp_path / "it.csv"), "target": "y", "validation": 0.3, "stratified": True}
    samples = small_samples(prepare_sweep(sweep_from_mapping({"data": data})))
    assert any("of class rare (" in each for each in samples)
    assert not any("common" in each for each in samples)
