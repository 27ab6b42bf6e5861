"""The settings along an axis: order, labels, numbers."""

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
