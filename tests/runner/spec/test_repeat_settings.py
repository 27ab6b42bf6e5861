"""The setting `repeats` with rounds: read, written, checked, extended and planned."""

import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.planning.repeat_rounds import explain_rounds
from fitgap.runner.spec import (
    Flags,
    RepeatRounds,
    require_equal_repeats,
    stored_rounds,
    stored_sweep_of,
    sweep_from_flags,
    sweep_from_text,
    sweep_with_more,
)

SWEEP = "data: iris\ntraining: {epochs: 3}\naxes: {architecture: [2, 3, 4, 5, 6]}\n"


def sweep(repeats, more=""):
    return sweep_from_text(f"{SWEEP}repeats: {repeats}\n{more}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{to: 8}", RepeatRounds(1, 8, 0.95)),
        ("{from: 2, to: 8, until: 0.9}", RepeatRounds(2, 8, 0.9)),
        ("from=2,to=8", RepeatRounds(2, 8, 0.95)),
        ("'from=2,to=8,until=0.99'", RepeatRounds(2, 8, 0.99)),
    ],
)
def test_it_is_stored_as_it_was_read(written, read):
    found = sweep(written)
    assert (found.rounds, found.repeats, found.most_repeats) == (read, read.least, read.most)
    assert stored_sweep_of(found.canonical()) == found
    assert stored_rounds(found.canonical()) == read


def test_a_number_is_stored_as_before():
    found = sweep("3")
    assert (found.rounds, found.repeats, found.most_repeats) == (None, 3, 3)
    assert found.canonical()["repeats"] == 3 and stored_rounds(found.canonical()) is None
    assert stored_rounds({}) is None


def test_it_may_be_a_flag():
    flags = Flags(data="iris", repeats="from=1,to=8,until=0.9")
    assert sweep_from_flags(flags).rounds == RepeatRounds(1, 8, 0.9)
    with pytest.raises(SpecError, match=r"^--repeats from=4,to=4: to: must be above from, 4, but is 4"):
        sweep_from_flags(Flags(data="iris", repeats="from=4,to=4"))


@pytest.mark.parametrize(
    ("repeats", "more", "words"),
    [
        ("{from: 2}", "", "to must be given, the largest number of repeats, as in {from: 1, to: 8}"),
        ("{from: 0, to: 3}", "", "repeats.from: must be a whole number, at least 1"),
        ("{to: 2.5}", "", "repeats.to: must be a whole number"),
        ("{from: 3, to: 2}", "", "must be above from, 3, but is 2; write repeats: 3 to have no rounds"),
        ("{to: 3, until: 95}", "", "must be a confidence, at least 0.5 and below 1, but is 95; write 0.95 for 95 %"),
        ("{to: 3, until: 1}", "", "below 1, but is 1"),
        ("{to: 3, until: sure}", "", "must be a confidence"),
        ("{to: 3, by: 2}", "", "there is no setting 'by' here"),
        ("from=2", "", "to must be given"),
        ("many", "", "must be a whole number"),
        ("{to: 3}", "halving: {first: 1}\n", r"rounds \(from, to\) cannot be combined with halving, .* repeats: 3"),
        ("{to: 3}", "median: {first: 1}\n", "cannot be combined with median"),
        ("{from: 2, to: 300000}", "", "at most 10000"),
    ],
)
def test_what_makes_no_sense_is_told(repeats, more, words):
    with pytest.raises(SpecError, match=words):
        sweep(repeats, more)


def test_errors_of_several_losses_are_not_compared():
    text = SWEEP.replace("axes: {", "axes: {loss: [half_squared_error, softmax_cross_entropy], ") + "repeats: {to: 3}\n"
    with pytest.raises(SpecError, match=r"those of several losses cannot be compared; .* or name one loss"):
        sweep_from_text(text)


def test_folds_belong_together():
    text = SWEEP.replace("data: iris", "data: {source: iris, validation: 5-fold}") + "repeats: {to: 3}\n"
    with pytest.raises(SpecError, match="cannot be combined with 5 folds; give a share of validation examples"):
        prepare_sweep(sweep_from_text(text))


def test_the_most_trials_count_against_the_limit():
    with pytest.raises(SpecError, match=r"at most 1,000,000 trials, but give 2,000,000 .*repeats 5,000"):
        sweep_from_text(
            "data: iris\nrepeats: {to: 5000}\naxes: {architecture: {range: [1, 400], steps: 400, scale: linear}}\n"
        )


@pytest.mark.parametrize(
    ("before", "flag", "after"),
    [
        ("{from: 2, to: 4}", "8", RepeatRounds(2, 8)),
        ("{from: 2, to: 4}", "from=2,to=6", RepeatRounds(2, 6)),
        ("{from: 2, to: 4, until: 0.9}", "8", RepeatRounds(2, 8, 0.9)),
        # Omitted settings keep the sweep's values; they do not get the defaults of a new sweep.
        ("{from: 1, to: 4, until: 0.9}", "from=1,to=14", RepeatRounds(1, 14, 0.9)),
        ("{from: 2, to: 4, until: 0.9}", "to=6", RepeatRounds(2, 6, 0.9)),
        ("3", "to=6", RepeatRounds(3, 6)),
        ("3", "from=3,to=6,until=0.8", RepeatRounds(3, 6, 0.8)),
        ("3", "6", None),
    ],
)
def test_more_repeats_may_be_allowed_later(before, flag, after):
    extended = sweep_with_more(sweep(before), Flags(repeats=flag))
    assert extended.rounds == after
    assert extended.repeats == (6 if after is None else after.least)


@pytest.mark.parametrize(
    ("before", "flag", "words"),
    [
        ("{from: 2, to: 4}", "3", "must be the rounds of the sweep, .* write from=2,to=4,until=0.95"),
        ("{from: 2, to: 4}", "from=3,to=6", "write from=2,to=6,until=0.95"),
        ("{from: 2, to: 4}", "from=2,to=6,until=0.9", "write from=2,to=6,until=0.95"),
        ("3", "from=1,to=6", "must begin with the repeats of the sweep, .* write from=3,to=6,until=0.95"),
        ("3", "2", "must be at least 3"),
        ("{from: 2, to: 4}", "until=0.95", "to must be given"),
        ("{from: 2, to: 4}", "from=2,too=5", "too"),
    ],
)
def test_what_was_decided_by_other_rounds_cannot_be_extended(before, flag, words):
    with pytest.raises(SpecError, match=words):
        sweep_with_more(sweep(before), Flags(repeats=flag))


def test_a_file_may_allow_more_as_well(tmp_path):
    file = tmp_path / "more.yaml"
    for repeats, most in (("{from: 2, to: 9}", 9), ("2", 4), ("1", 4)):
        file.write_text(f"{SWEEP}repeats: {repeats}\n")
        assert sweep_with_more(sweep("{from: 2, to: 4}"), Flags(file=str(file))).rounds == RepeatRounds(2, most)


def test_single_configurations_cannot_join():
    require_equal_repeats(sweep("3"))
    with pytest.raises(SpecError, match=r"has rounds of repeats.* start from a sweep with repeats: 2"):
        require_equal_repeats(sweep("{from: 2, to: 4}"))


@pytest.mark.parametrize(
    ("repeats", "more", "line"),
    [
        ("{from: 2, to: 6}", "", "rounds: at least 10, at most 30 trials"),
        ("{to: 6}", "", "rounds: at least 8, at most 30 trials"),
        (
            "{from: 2, to: 6}",
            "search: {method: tpe, trials: 8, generation: 2}\n",
            "rounds: at least 8, at most 24 trials",
        ),
    ],
)
def test_the_plan_says_how_many_trials_there_may_be(repeats, more, line):
    assert next(iter(explain_rounds(prepare_sweep(sweep(repeats, more))))) == line


def test_the_plan_of_equal_repeats_says_nothing_about_rounds():
    assert list(explain_rounds(prepare_sweep(sweep("2")))) == []
