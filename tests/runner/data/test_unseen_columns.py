"""Errors about new examples name the columns and cells of their file, not the inputs derived from them."""

import pytest

TRAINED = "day;a;y\n" + "".join(f"2024-0{1 + row % 5}-1{row % 10};{row},5;{2 * row},25\n" for row in range(30))


@pytest.fixture
def answer(invoke, own_folder):
    """`answer(text)`: the output of `predict` for a file with this text, after training on dates and decimal commas."""
    (own_folder / "old.csv").write_text(TRAINED)
    run = ("run", "--data", "old.csv", "--target", "y", "--target-kind", "numbers", "--hidden", "3", "--epochs", "2")
    assert invoke(*run, "--engine", "local").code == 0

    def predict(text):
        (own_folder / "new.csv").write_text(text)
        return invoke("predict", 1, "new.csv")

    return predict


def test_a_missing_date_is_named_as_in_the_file(answer):
    refused = answer("a;b\n1,5;2\n2,5;3\n")
    assert refused.code == 2 and "there is no column 'day' of dates, which the network was trained on" in refused.err
    assert "seconds" not in refused.err


@pytest.mark.parametrize(("cells", "wrong"), [(("1,5", "x,5", "2,5"), "x,5"), (("1.5", "x", "2.5"), "x")])
def test_the_wrong_cell_is_named_with_either_decimal_mark(cells, wrong, answer):
    refused = answer("day;a\n" + "".join(f"2024-01-11;{cell}\n" for cell in cells))
    assert refused.code == 2 and f"line 3, column 'a': '{wrong}' is not a number" in refused.err


def test_the_other_decimal_mark_is_named_as_such(answer):
    refused = answer("day;a\n" + "".join(f"2024-01-11;{cell}\n" for cell in ("1,5", "2,5", "0.500")))
    assert refused.code == 2 and "line 4, column 'a': '0.500' has a decimal point, but most numbers here" in refused.err


def test_right_cells_are_read(answer):
    assert answer("day;a\n2024-01-11;1,5\n2024-02-11;2,5\n").code == 0
