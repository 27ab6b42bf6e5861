"""Invalid filters are refused with the place of the mistake, what is wrong there, and the nearest valid name."""

import pytest
from fitgap.runner.errors import FilterError
from fitgap.runner.store.filter import filter_expression


def refused(text):
    """The error message for a filter, and the part of the filter that it marks."""
    with pytest.raises(FilterError) as told:
        filter_expression(text)
    shown, marks = told.value.excerpt
    return str(told.value), shown[marks.index("^") : marks.rindex("^") + 1]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("e_w < 0.02", "e_w", "did you mean 'e_v'?"),
        ("E_V < 0.02", "E_V", "did you mean 'e_v'?"),
        ("e_v < 0.02 and activatoin == 'relu'", "activatoin", "did you mean 'activation'?"),
        ("optimiser.rate > 1", "optimiser.rate", "did you mean 'optimizer.rate'?"),
        ("optimizer.raet > 1", "optimizer.raet", "did you mean 'optimizer.rate'?"),
        (
            "architecture.kind == 'gru'",
            "architecture.kind",
            "known: architecture.depth, architecture.width, architecture.conv, architecture.recurrent, "
            "architecture.norm, architecture.residual",
        ),
        (
            "(e_v < 1 or e_t < 1 or repeat == 1) < 2",
            "e_v < 1 or e_t < 1 or repeat == 1",
            "a condition is not a value",
        ),
        ("wavelengths == 1", "wavelengths", "known: trial, configuration, repeat"),
        ("activation == relu", "relu", "write text in quotes: 'relu'"),
        ("verdict != overfit", "overfit", "verdict is text, but overfit is a number; write 'overfit'"),
        ("architecture == 16", "16", "write '16'"),
        ("architecture = 64-32", "64-32", "write '64-32'"),
        ("e_v < '0.02'", "'0.02'", "e_v is a number, but '0.02' is text; write 0.02"),
        (
            "verdict == 'overfitt'",
            "'overfitt'",
            "did you mean 'overfit'? known: good, underfit, overfit, both, unclear",
        ),
        ("status in ('complete', 'failed')", "'complete'", "did you mean 'completed'?"),
        ("activation.name == 'rellu'", "'rellu'", "did you mean 'relu'?"),
        ("activation == 'prelu'", "'prelu'", "activation like 'prelu*'"),
        ("e_v + status > 1", "status", "arithmetic needs numbers"),
        ("e_v like '0*'", "e_v", "only text can match a pattern"),
        ("regularizer.l2.biases > 1", "1", "regularizer.l2.biases is true or false, but 1 is a number"),
        ("regularizer.weight < activation.beta", "activation.beta", "may both have several values"),
        ("e_v", "e_v", "expected a comparison, such as e_v == 0.5"),
    ],
)
def test_what_means_nothing_is_pointed_at(text, place, message):
    found, pointed = refused(text)
    assert pointed == place
    assert message in found and "\n" not in found


ADAM = "write optimizer.name == 'adam' and optimizer.rate == 0.01"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("adam 0.01", "adam 0.01", ADAM),
        ("optimizer = adam 0.01", "adam 0.01", ADAM),
        ("(optimizer = adam 0.01) and e_v < 1", "adam 0.01", ADAM),
        ("e_v < 1 and optimizer == 'adam 0.01'", "'adam 0.01'", ADAM),
        ("optimizer in ('adam 0.01')", "'adam 0.01'", ADAM),
        ("optimizer like 'adam 0.01*'", "optimizer like 'adam 0.01*'", ADAM),
        ("adam rate=0.01 beta_1=0.8", "adam rate=0.01 beta_1=0.8", f"{ADAM} and optimizer.beta_1 == 0.8"),
        ("activation = prelu 0.05", "prelu 0.05", "write activation.prelu.beta == 0.05"),
        ("output_activation = prelu 0.05", "prelu 0.05", "write output_activation.prelu.beta == 0.05"),
        (
            "regularizer = l1 1e-3 + dropout 0.2",
            "l1 1e-3 + dropout 0.2",
            "write regularizer.l1.weight == 1e-3 and regularizer.dropout.ratio == 0.2",
        ),
        ("adam", "adam", "as in optimizer.name == 'adam'"),
        ("optimizer = adam 0.01 0.02", "0.01", "expected 'and', 'or' or the end"),
        ("e_v 0.01", "0.01", "expected 'and', 'or' or the end"),
    ],
)
def test_a_setting_as_tables_show_it_is_answered_with_the_filter_for_it(text, place, message):
    found, pointed = refused(text)
    assert pointed == place and message in found
    written = found.partition("; write ")[2]
    if "quotes" not in written and written:
        filter_expression(written)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("e_v < 0.02 && gap > 0", "&", "write and"),
        ("(e_v < 0.02", "", "expected ')', found the end"),
        ("e_v < 0.02)", ")", "expected 'and', 'or' or the end, found ')'"),
        ("e_v < 0,02", ",", "expected 'and', 'or' or the end, found ','"),
        ("e_v < 0.02 and", "", "found the end"),
        ("", "", "found the end"),
        ("e_v << 1", "<", "expected a name, a number or a text in quotes"),
        ("note == 'it", "'it", "the quote ' that starts here is not closed"),
        ("e_v < 1e999", "1e999", "the number 1e999 is too large"),
        ("e_v < 12abc", "12abc", "this is neither a number nor a name"),
        ("e_v is nan", "nan", "expected 'null', found 'nan'"),
        ("0 < e_v != 1", "!=", "!= is not allowed in a chain"),
    ],
)
def test_what_is_no_filter_is_pointed_at(text, place, message):
    found, pointed = refused(text)
    assert pointed == place
    assert message in found and "\n" not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("e_v < 1" + " " * 2_000, "at most 2,000 characters"),
        (" or ".join(["e_v < 1"] * 60), "at most 200 words and signs"),
        ("(" * 40 + "e_v" + ")" * 40 + " < 1", "at most 30 levels deep"),
        ("not " * 40 + "e_v < 1", "at most 30 levels deep"),
        ("e_v * e_v * e_v * e_v * e_v < 1", "fewer products"),
        ("note == 'a\0b'", "no database can store this character"),
    ],
)
def test_what_would_be_too_much_is_refused(text, message):
    assert message in refused(text)[0]
