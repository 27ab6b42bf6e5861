"""Single settings have the same names as in filters, and none is lost."""

from fitgap.runner.integrations.settings import flat_settings, varying, with_left_out
from fitgap.runner.spec import sweep_from_mapping

SWEEP = {
    "data": "iris",
    "axes": {
        "architecture": ["none", "6-3"],
        "activation": [{"prelu": {"beta": 0.05}}],
        "regularizer": ["none", {"l2": {"weight": 0.01}, "dropout": {"ratio": [0.1, 0.2]}}],
        "optimizer": [{"adam": {"rate": 0.01}}, {"gradient_descent": {"rate": 0.5}}],
        "epochs": [5, 10],
    },
}


def settings():
    return [flat_settings(each.canonical()) for each in sweep_from_mapping(SWEEP).configurations()]


def test_settings_have_dotted_names_and_plain_values():
    last = settings()[-1]
    expected = {
        "architecture": "6-3",
        "activation": "prelu:beta=0.05",
        "output_activation": "identity",
        "regularizer": "l2:weight=0.01+dropout:ratio=0.2",
        "regularizer.l2.weight": 0.01,
        "regularizer.dropout.ratio": 0.2,
        "optimizer.name": "gradient_descent",
        "optimizer.rate": 0.5,
        "planned_epochs": 10,
        "dtype": "float32",
    }
    assert expected.items() <= last.items()
    assert all(type(value) in (str, int, float, bool) for value in last.values())


def test_two_configurations_never_look_alike():
    found = settings()
    assert len({frozenset(each.items()) for each in found}) == len(found) == 2 * 3 * 2 * 2


def test_a_setting_that_configurations_leave_out_varies_too():
    sweep = {"data": "iris", "axes": {"label_noise": [0, 0.1], "training_examples": [20, "all"]}}
    plain = [flat_settings(each.canonical()) for each in sweep_from_mapping(sweep).configurations()]
    found = with_left_out(plain)
    assert [(each["label_noise"], each["training_examples"]) for each in found] == [
        (0.0, 20), (0.0, "all"), (0.1, 20), (0.1, "all")
    ]  # fmt: skip
    assert varying(found) == {"label_noise", "training_examples"}
    assert with_left_out(settings()) == settings()


def test_what_varies_is_what_has_several_values():
    assert varying(settings()) == {
        *("architecture", "regularizer", "regularizer.dropout.ratio", "optimizer.name", "optimizer.rate"),
        "planned_epochs",
    }
    assert varying([]) == set()
