"""Ambiguous files are refused in one line, unless the user decides."""

import gzip

import pytest
from fitgap.runner.data.treatment import FileChoices
from fitgap.runner.errors import DataError
from support.data.loading import again, load_freely, loaded, same_data
from support.data.plain_tables import PLAIN, numbered
from support.data.spreadsheet import spreadsheet

REFUSED = {
    "rest of a title": ("Title,,\na,,y\n1,2,3.5\n2,1,1.5\n", "there is no target column 'y'"),
    "ambiguous separator": ("a,b;c\n1,2;3\n4,5;6\n", "commas and semicolons both split .* --separator"),
    "ambiguous comma": ("a;y\n1,234;1\n2,345;2\n", "--decimal"),
    "unknown alphabet": ("имя;y\nодин;1\nдва;2\n".encode("cp1251"), "--encoding"),
    "constant target": ("a,y\n1,0.5\n2,0.5\n3,0.5\n", "'y' is 0.5 in every row, so there is nothing to learn"),
    "one class": ("a,y\n1,x\n2,x\n", "has only one class"),
    "nothing but names": ("n,y\n" + "".join(f"n{n},{n}.5\n" for n in range(12)), "'n' .unique per row.; .*--inputs"),
    "unique classes": ("a,y\n" + "".join(f"{n}.5,n{n}\n" for n in range(12)), "12 classes in 12 rows"),
    "no targets": ("a,y\n1,\n2,\n", "'y' has no values"),
    "a sum": ("a,b,y\n" + "".join(f"{n},{n}.5,{n % 7}.5\n" for n in range(30)) + "Total,60,1\n", "holds totals"),
    "a mistake": ("a,y\n" + "".join(f"{n},{n % 7}.5\n" for n in range(30)) + "12O,1\n3,1\n", "--missing-values"),
    "a page": ("<!DOCTYPE html><html></html>", "an HTML page"),
    "no table": ('{"a": 1}', "this JSON is not a table"),
    "broken JSON": ('[{"a": 1},\n{"a" 2}]', "line 2 is not valid JSON"),
    "pickle": (b"\x80\x04\x95rest", "pickle"),
    "binary": (b"\x01\x02\x03\x00\x05" * 9, "neither a text file"),
    "damaged": (gzip.compress(PLAIN.encode())[:-9], "compressed file is damaged"),
    "damaged sheet": (spreadsheet([["a"]])[:-40] + b"PK", "spreadsheet|NPZ"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_decided_is_one_line(case):
    text, pattern = REFUSED[case]
    with pytest.raises(DataError, match=pattern) as caught:
        loaded(text)
    assert str(caught.value).startswith("a.csv: ") and str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("a,b;c;y\n1,2;3;4\n4,5;6;7\n3,1;2;2\n", {"separator": ";", "decimal": ","}),
        ("a;y\n1,234;1\n2,345;2\n", {"decimal": ","}),
        ("имя;y\n1;1\n2;2\n".encode("cp1251"), {"encoding": "cp1251"}),
    ],
)
def test_flags_decide(text, choices):
    assert loaded(text, **choices).dataset.example_count >= 2


def test_a_first_column_alone_with_a_name_is_no_title():
    content = b"y,,\na,b,c\n1,2,3\nd,4,5\ne,6,2\n"
    found = load_freely("a.csv", content, ("y",), FileChoices(inputs=("(unnamed 3)",)))
    assert found.dataset.class_names == ("1", "a", "d", "e")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"categorical": ("y",)}, "'y' is the target and does not belong in categorical; choose --target-kind classes"),
        ({"ignore": ("y",)}, "'y' is the target and does not belong in ignore; leave it out"),
    ],
)
def test_a_target_among_the_choices_of_inputs_is_named_as_such(choices, message):
    with pytest.raises(DataError) as caught:
        loaded(PLAIN, **choices)
    assert message in str(caught.value)


def test_strict_refuses_all_of_it():
    for text in ("a;y\n1;2\n", ",a,y\n1,1,0.5\n2,2,1.5\n", "a,y\nNA,0.5\n1,1.5\n", "a,y\nred,0.5\nblue,1.5\n"):
        with pytest.raises(DataError):
            loaded(text, strict=True)
    found = loaded(numbered("n", lambda row: row), strict=True)
    assert found.dataset.input_names == ("n", "a", "b")


def test_columns_can_be_chosen():
    text = "s_1,s_2,code,n,y\n" + "".join(f"{n},{n}.5,{n % 3},{n},{n % 4}\n" for n in range(80))
    assert loaded(text, inputs=("s_*",)).dataset.input_names == ("s_1", "s_2")
    assert loaded(text, ignore=("s_*", "n")).dataset.input_names == ("code",)
    found = loaded(text, categorical=("code",), ignore=("s_*", "n"))
    assert found.dataset.input_names == ("code=0", "code=1", "code=2")
    assert same_data(again(text, found).dataset, found.dataset)
    assert loaded(text, target_kind="numbers").dataset.target_kind == "numbers"
    assert loaded(text).dataset.target_kind == "classes"
    assert loaded(text, target_kind="classes").dataset.class_names == ("0", "1", "2", "3")
    with pytest.raises(DataError, match=r"no column fits 'z_\*' in ignore"):
        loaded(text, ignore=("z_*",))
