import pytest
from fitgap.core.layers import LAYERS
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Flags, Sweep, sweep_from_flags, sweep_from_text
from fitgap.runner.spec.configuration import Choice
from fitgap.runner.spec.lazy_values import Between
from fitgap.runner.spec.ranges import drawn_number, read_range, rounded
from fitgap.runner.spec.validation import SpecNode
from hypothesis import assume, given
from hypothesis import strategies as st


def gru(units):
    return Choice("gru", LAYERS["gru"](units))


def numbers(written, *, whole=False):
    return list(read_range(SpecNode(written), lambda node: node.value, whole=whole))


@pytest.mark.parametrize(
    ("written", "whole", "expected"),
    [
        ({"range": [1e-4, 1e-1], "scale": "log", "steps": 4}, False, [1e-4, 1e-3, 1e-2, 1e-1]),
        ("1e-4..1e-1:log:4", False, [1e-4, 1e-3, 1e-2, 1e-1]),
        ("0..1:linear:5", False, [0, 0.25, 0.5, 0.75, 1]),
        ({"range": [4, 128], "scale": "log", "steps": 6}, True, [4, 8, 16, 32, 64, 128]),
        # A whole number that two steps round to is one value.
        ("1..3:linear:9", True, [1, 2, 3]),
    ],
)
def test_steps_are_at_equal_distances_and_include_both_ends(written, whole, expected):
    assert numbers(written, whole=whole) == expected


@pytest.mark.parametrize(
    ("written", "log"),
    [("1e-4..1e-1", True), ("1..99", False), ("1..100", True), ("0..1000", False), ("1e-4..1e-1:linear", False)],
)
def test_magnitudes_are_on_a_logarithmic_scale_unless_it_is_given(written, log):
    found = read_range(SpecNode(written), lambda node: node.value, whole=False)
    assert isinstance(found, Between)
    assert found.interval.log is log


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_what_is_drawn_is_inside_the_range_and_short(low, high, log, share):
    assume(low < high and (low > 0 or not log))
    interval = read_range(
        SpecNode({"range": [low, high], "scale": "log" if log else "linear"}), lambda node: node.value, whole=False
    ).interval
    found = rounded(drawn_number(interval, share), interval)
    assert low <= found <= high
    assert found in (low, high) or found == float(f"{found:.6g}")


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("{optimizer: {adam: {rate: 1e-4..1e-1}}}", "optimizer.adam.rate: a range needs steps, .* or search it"),
        ("{optimizer: {adam: {rate: 0..1:log:3}}}", "must begin above 0, but begins at 0"),
        ("{optimizer: {adam: {rate: -1..1:linear:3}}}", "must be a number, above 0, but is -1"),
        ("{optimizer: {adam: {rate: 1..1:linear:3}}}", "must begin below its end, but is 1 to 1"),
        ("{optimizer: {adam: {rate: {range: [1, 2], scale: cubic}}}}", "scale: must be one of linear, log"),
        ("{optimizer: {adam: {rate: 1..2..3}}}", "must be a range such as"),
        ("{optimizer: {adam: {rate: {range: 5, steps: 3}}}}", "range: must be two numbers"),
        ("{optimizer: {adam: {rate: {range: [1, 2], steps: 1}}}}", "steps: must be a whole number, at least 2"),
        ("{batch_size: {range: [1.5, 3], steps: 2}}", "range: must be two whole numbers"),
        ("{batch_size: {range: [0, 3], steps: 2}}", "must be a whole number, at least 1"),
        ("{label_noise: 0..2:linear:3}", "must be a share of the training labels"),
        (
            "{architecture: {depth: [1, 3], width: [4, 128]}}",
            r"architecture.width: a range needs steps, .* or 4..128:linear:4",
        ),
        ("{architecture: {depth: [1, 70], width: 4}}", "at most 64"),
        ("{architecture: {depth: 2}}", "must give depth and width"),
        (
            "{architecture: 'gru4..16:log:2'}",
            r"'gru4..16:log:2' has one; in the sweep file, write {gru: {units: 4..16:log:3}} under axes: architecture",
        ),
        ("{architecture: 'lstm8:forget=-1..1'}", "a layer in shorthand has no ranges"),
        ("{architecture: 'conv8x3-lstm:units=4..16'}", r"has no ranges, .* write {lstm: {units: 4..16:log:3}} under"),
        ("{architecture: 'depth=2,widht=3'}", "there is no setting 'widht' here; did you mean 'width'"),
    ],
)
def test_wrong_ranges_are_refused_where_they_stand(axes, message):
    with pytest.raises(SpecError, match=message):
        sweep_from_text(f"data: digits\naxes: {axes}")


@pytest.mark.parametrize(
    ("axis", "written", "expected"),
    [
        ("batch_size", "8..32:log:3", (8, 16, 32)),
        ("epochs", {"range": [10, 30], "steps": 3}, (10, 20, 30)),
        ("training_examples", "50..200:linear:4", (50, 100, 150, 200)),
        ("training_examples", "0.1..0.5:linear:3", (0.1, 0.3, 0.5)),
        ("label_noise", {"range": [0, 0.2], "steps": 3}, (0.0, 0.1, 0.2)),
        ("architecture", {"depth": [1, 2], "width": {"range": [4, 8], "steps": 2}}, ARCHITECTURES := (
            (4,), (8,), (4, 4), (4, 8), (8, 4), (8, 8),
        )),
        ("architecture", "depth=1..2,width=4..8:linear:2", ARCHITECTURES),
        ("architecture", {"gru": {"units": "4..16:log:3"}}, tuple((gru(units),) for units in (4, 8, 16))),
        ("architecture", "4..8:linear:2", ((4,), (8,))),
        ("architecture", {"depth": [0, 2], "width": 16}, ((), (16,), (16, 16))),
    ],
)  # fmt: skip
def test_axes_of_a_grid_take_ranges(axis, written, expected):
    sweep = Sweep.from_canonical({"data": {"source": "digits"}, "axes": {axis: [written]}})
    assert sweep.axes[axis] == expected
    assert Sweep.from_canonical(sweep.canonical()) == sweep, "a grid is stored with its values"


def test_flags_take_ranges_as_files_do():
    flags = Flags(data="digits", optimizer=["adam:rate=1e-4..1e-1:log:4"], hidden=["depth=1..2,width=4..8:linear:2"])
    sweep = sweep_from_flags(flags)
    assert [each.variant.rate for each in sweep.axes["optimizer"]] == [1e-4, 1e-3, 1e-2, 1e-1]
    assert len(sweep.axes["architecture"]) == 6


def test_a_search_keeps_its_ranges_as_they_were_written():
    text = "{data: digits, search: {method: random, trials: 5}, training: {epochs: 5..9}, axes: {optimizer: [adam, "
    sweep = sweep_from_text(text + "{gradient_descent: {rate: {range: [0.1, 1]}}}]}}")
    assert sweep.canonical()["axes"] == {
        "optimizer": ["adam", {"gradient_descent": {"rate": {"range": [0.1, 1]}}}],
        "epochs": ["5..9"],
    }
    assert Sweep.from_canonical(sweep.canonical()) == sweep
    assert sweep.axes["epochs"] == (5, 9)


@pytest.mark.parametrize("names", ["relu..tanh", "tanh..0.5"])
def test_names_are_no_ends_of_a_range(names):
    with pytest.raises(
        SpecError, match=r"there is no activation .* a range joins two numbers .* one by one \(.*known: "
    ):
        sweep_from_text(f"data: digits\naxes: {{activation: ['{names}']}}")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("{method: random}", "search: trials must be given, as in"),
        ("{trials: 5}", "search: method must be given"),
        ("random,trials=60", "must have the form METHOD:trials=N, such as random:trials=60, but is 'random,"),
        ("trials=60", "must have the form METHOD:trials=N, such as random:trials=100"),
        ("{method: tpee, trials: 5}", "search.method: must be one of random, sobol, tpe, cmaes, nsga2, gp"),
        ("random:trials=0", "search.trials: must be a whole number, at least 1, at most 1000000"),
        ("random:trials", "must be a method with its settings, such as random:trials=100, but is 'random:trials'"),
        ("tpe:10", "such as random:trials=100, but is 'tpe:10'; write tpe:trials=10"),
        ("random+sobol", "must be one method"),
        ("{method: random, trails: 5}", "did you mean 'trials'"),
        ("{method: random, trials: 5, lag: 1}", "search.lag: lag is only for methods that learn: tpe, cmaes, nsga2"),
        ("{method: tpe, trials: 5, generation: 0}", "search.generation: must be a whole number, at least 1"),
    ],
)
def test_wrong_searches_are_refused(search, message):
    with pytest.raises(SpecError, match=message):
        sweep_from_text(f"data: digits\nsearch: {search}")
