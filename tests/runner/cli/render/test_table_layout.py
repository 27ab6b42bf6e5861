"""Which columns a narrow terminal shows: labels, requested columns, and long names on several lines."""

import re

import pytest
from fitgap.runner.broken_names import broken
from fitgap.runner.cli.render.table_cells import cell
from fitgap.runner.cli.render.table_layout import fitting_keys, parts_of

BLOCK = "conv8x3:padding=same-norm-pool2"
AROUND = "res(conv8x3:padding=same-norm)"
LONG = [f"{BLOCK}-{AROUND}-globalpool", f"{BLOCK}-{AROUND}-{AROUND}-globalpool", f"{BLOCK}-{AROUND}-16", BLOCK]
ROWS = [
    {"architecture": name, "optimizer": "momentum:rate=0.1,friction=0.5", "e_v": 0.5, "verdict": "overfit 4/5", "n": 3}
    for name in LONG
]


def widths(part):
    return 1 + sum(width + 1 for width in part.values())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_architectures_push_out_neither_numbers_nor_themselves(width):
    (part,) = parts_of(ROWS, list(ROWS[0]), width, labels=["architecture"], kept=["e_v"])
    assert {"architecture", "e_v"} <= part.keys() and widths(part) <= width
    assert not {"verdict", "n"} - part.keys() or width < 80
    for row in ROWS:
        lines = broken(cell("architecture", row["architecture"]), part["architecture"] - 1)
        assert "".join(lines) == row["architecture"]


def test_a_table_as_wide_as_it_needs_breaks_nothing():
    (part,) = parts_of(ROWS, list(ROWS[0]), 10_000)
    assert part["architecture"] == max(map(len, LONG)) + 1


def test_the_room_that_is_left_goes_to_the_names_that_need_it():
    (part,) = parts_of(ROWS, ["architecture", "e_v"], 80, labels=["architecture"])
    assert widths(part) == 80


@pytest.mark.parametrize("width", [30, 80])
def test_columns_that_were_asked_for_continue_in_a_table_below(width):
    rows = [{"trial": 1, **{f"number_{number}": 0.123456 for number in range(30)}}]
    parts = parts_of(rows, list(rows[0]), width, kept=list(rows[0]))
    assert len(parts) > 1 and all(next(iter(part)) == "trial" and widths(part) <= width for part in parts)
    shown = [key for part in parts for key in part if key != "trial"]
    assert shown == list(rows[0])[1:]


def test_labels_that_leave_no_room_come_first_and_the_numbers_below():
    rows = [{**{f"name_{number}": "x" * 20 for number in range(5)}, "e_v": 0.5, "gap": 0.1}]
    parts = parts_of(rows, list(rows[0]), 60, labels=list(rows[0])[:5], kept=["e_v"])
    assert [key for part in parts for key in part if "name" in key and key != "name_0"] == list(rows[0])[1:5]
    assert next(iter(parts[-1])) == "name_0" and "e_v" in parts[-1]


def test_names_are_broken_more_where_labels_would_not_fit():
    rows = [{"architecture": LONG[0], "activation": "leaky_relu:slope=0.01", "optimizer": "rms_prop:rate=0.001"}]
    keys = [*rows[0], "e_v", "e_t"]
    rows = [{**rows[0], "e_v": 0.123, "e_t": 0.123}]
    (part,) = parts_of(rows, keys, 50, labels=keys[:3], kept=["e_v"])
    assert set(keys[:4]) <= part.keys() and widths(part) <= 50


@pytest.mark.parametrize(
    ("width", "expected"),
    [(80, "one two three error"), (17, "one two error"), (13, "one error"), (8, "one"), (3, "one")],
)
def test_what_a_table_is_about_has_room_before_other_columns(width, expected):
    rows = [{"one": 1, "two": 2, "three": 3, "error": 0.5}]
    assert fitting_keys(rows, list(rows[0]), width, needed=["error"]) == expected.split()
    assert fitting_keys(rows, list(rows[0]), width, needed=["nosuch"]) == fitting_keys(rows, list(rows[0]), width)


@pytest.fixture
def planned(store, make_plan, make_configuration):
    """An untrained sweep with long architectures and two scalings."""
    rows = [
        make_configuration(2 * number + place, architecture=name, settings={"preprocess": scaling, "number": number})
        for number, name in enumerate(LONG)
        for place, scaling in enumerate(("standard", "minmax"))
    ]
    axes = {"architecture": LONG, "preprocess": ["standard", "minmax"]}
    store.add_sweep(make_plan(rows, 1, name="long", specification={"axes": axes}))


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("trials long --sort gap --limit 4", "trial repeat preprocess gap best_epoch"),
        ("trials long --columns +rung,rank,attempt", "trial architecture preprocess rung rank attempt"),
        ("compare long --by architecture,preprocess", "architecture preprocess trials"),
        ("compare long --by architecture --columns trials,completed", "architecture trials completed"),
    ],
)
def test_commands_show_labels_sort_key_and_what_was_asked_for(line, headers, planned, database, in_place, plain_text):
    code, written = in_place(*line.split(), "--db", database, columns=80)
    lines = plain_text(written).splitlines()
    assert code == 0 and max(map(len, lines)) <= 80
    end = next(place for place, each in enumerate(lines) if set(each.strip()) == {"─"})
    above = [[*re.finditer(r"\S+", each)] for each in lines[:end]]
    # In a sufficiently narrow table, a header may be split into two lines of the same column.
    text = "".join(found.group() for row in above for found in row).replace("-", "")
    for header in headers.split():
        pieces = header.split("_") if "_" in header else ["archi", "tecture"] if header == "architecture" else [header]
        assert all(piece in text for piece in pieces)
    if "preprocess" in headers:
        assert "standard" in plain_text(written)


def test_a_trial_shows_every_setting_that_varies(planned, database, invoke):
    (row,) = invoke("trials", "long", "--limit", "1", "--format", "json", "--db", database).json
    assert re.search(r"^  preprocess +standard$", invoke("show", row["trial"], "--db", database).out, re.MULTILINE)
