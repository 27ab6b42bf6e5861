"""The settings along an axis: order, labels, numbers."""

import json
import re

import pytest
from fitgap.runner.charts.along import is_ordered
from fitgap.runner.charts.parts import in_lines
from fitgap.runner.charts.settings import Axis, setting_of, short


def test_architectures_are_ordered_by_their_numbers():
    axis = Axis("architecture", ["128", "16", "none", "64-32", "8", "64-64"])
    assert axis.order == ["none", "8", "16", "128", "64-32", "64-64"]
    assert Axis("architecture", ["128", "16", "2"]).is_numeric and not axis.is_numeric


def test_settings_have_their_numbers():
    axis = Axis("optimizer", ["adam:rate=0.01", "adam:rate=1e-05", "gradient_descent:rate=0.1"])
    assert axis.order == ["adam 1e-05", "adam 0.01", "gradient_descent 0.1"]
    assert axis.varied == {"adam": "rate"}
    assert [axis.number(each) for each in axis.settings] == [1e-05, 0.01, 0.1]
    assert not axis.is_numeric and Axis("batch_size", [8, 32, 16]).order == ["8", "16", "32"]


def test_two_regularizers_at_once_are_a_kind_of_their_own():
    setting = setting_of("regularizer", "l1:weight=0.1+dropout:ratio=0.2")
    assert setting.kind == "l1+dropout" and setting.numbers == {"l1.weight": 0.1, "dropout.ratio": 0.2}
    assert setting_of("regularizer", "none").numbers == {}


def test_a_setting_in_which_two_parameters_vary_has_no_number():
    axis = Axis("regularizer", ["l1:weight=0.1,biases=1", "l1:weight=0.2,biases=2"])
    assert axis.varied == {} and axis.number(axis.settings[0]) is None


def test_nothing_at_all_and_unreadable_text_are_settings_too():
    assert Axis("batch_size", [None, 4]).order == ["none", "4"]
    assert setting_of("stopping", "a:=:b").label == "a =:b" or setting_of("stopping", "a:=:b").numbers == {}


def test_long_texts_lose_their_middle_and_stay_distinct():
    names = [f"{'x' * 100}{end}{'y' * 100}" for end in "ab"]
    assert short(names[0]) == f"{'x' * 17}…{'y' * 18}" and short("a\n b") == "a b"
    labels = Axis("activation", names).order
    assert len(set(labels)) == 2 and labels[1] == f"{labels[0]} (2)"


def test_long_architectures_are_shortened_to_what_differs():
    block = "conv8x3:padding=same-norm-pool2"
    names = [f"{block}-res(norm)-globalpool", f"{block}-16", f"{block}-conv8x3-globalpool", f"{block}-16-8", "32"]
    labels = Axis("architecture", names).labels
    found = [labels[name] for name in names]
    assert found == ["…pool2-res(norm)-globalpool", "…pool2-16", "…pool2-conv8x3-globalpool", "…pool2-16-8", "32"]
    ends = [f"{block}-{middle}-{block}" for middle in ("16", "32")]
    assert Axis("architecture", ends).order == ["…pool2-16-…", "…pool2-32-…"]


def test_a_single_long_label_is_whole():
    name = "conv8x3:padding=same-norm-pool2-globalpool"
    assert Axis("architecture", [name, "8"]).labels[name] == name


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["8", "16-16", "none"], True),
        (["conv8x3-pool2", "conv16x3-pool4"], True),
        (["conv8x3-pool2-32", "conv8x3-conv16x3-pool2-16-16"], True),
        (["conv8x3-pool2", "conv8x3-norm-pool2"], False),
        (["gru8", "lstm8"], False),
        (["res(conv8x3)-16", "conv8x3-16"], False),
    ],
)
def test_a_line_joins_only_networks_of_the_same_kinds_of_layers(names, expected):
    assert is_ordered(Axis("architecture", names)) is expected


def test_long_labels_of_an_axis_are_broken_onto_lines():
    labels = ["conv8x3:padding=same-norm-pool2-globalpool", '"; 8']
    (found,) = in_lines(labels, 26).values()
    lines, places = (
        json.loads(each) for each in re.fullmatch(r"(.*)\[indexof\((.*), datum\.label\)\]", found).groups()
    )
    assert places == labels and ["".join(each) for each in lines] == labels and len(lines[0]) == 2
    assert in_lines(["8", "16"], 26) == {}
