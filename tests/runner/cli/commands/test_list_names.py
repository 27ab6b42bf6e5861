"""`fitgap list`: every name that a sweep may use, from the tables of the program."""

import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.layers import LAYERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import READINGS
from fitgap.runner.cli.commands.list_names import KINDS, first_paragraph
from fitgap.runner.data import SOURCES
from fitgap.runner.studies import STUDIES

TABLES = {
    "activations": ACTIVATIONS,
    "initializers": INITIALIZERS,
    "layers": LAYERS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "outputs": READINGS,
    "regularizers": REGULARIZERS,
    "schedules": SCHEDULES,
    "stopping": STOPPINGS,
    "data": SOURCES,
}

# Additional fields of data sets.
OF_DATA = ["task", "examples", "inputs", "target", "groups", "origin"]


def test_every_table_is_listed():
    assert set(KINDS) == set(TABLES)


def test_studies_are_listed_with_their_questions_and_outcomes(invoke):
    rows = invoke("list", "studies", "--format", "json").json
    assert [row["name"] for row in rows] == list(STUDIES)
    for row in rows:
        assert row["question"].endswith("?") and row["description"].endswith(".") and "unknown" in row["outcomes"]
    page = invoke("list", "studies").out
    assert all(study.question in page for study in STUDIES.values())


def test_no_question_is_lost_at_80_columns(in_terminal, plain_text):
    _, written = in_terminal("list", "studies")
    page = " ".join(plain_text(written).split())
    assert "no room" not in page and "question" in page and "data" in page
    assert all(study.question.split()[-1] in page for study in STUDIES.values())


@pytest.mark.parametrize("kind", TABLES)
def test_a_list_holds_every_row_of_its_table_with_its_parameters(kind, invoke, contract):
    rows = invoke("list", kind, "--format", "json").json
    assert [row["name"] for row in rows] == list(TABLES[kind])
    for row in rows:
        assert list(row)[:3] == contract["list"]
        assert list(row)[3:] == (OF_DATA if kind == "data" else [])
        assert row["description"].endswith(".")
        assert [each["name"] for each in row["parameters"]] == list(TABLES[kind][row["name"]].parameters())
        assert all(each["domain"] for each in row["parameters"])


def test_a_description_is_the_whole_first_paragraph_of_a_docstring():
    docstring = "A sentence that\n    is wrapped.\n\n    The rest.\n    "
    assert first_paragraph(docstring) == "A sentence that is wrapped."
    assert first_paragraph("") == ""


@pytest.mark.parametrize("kind", TABLES)
def test_every_name_and_default_of_a_table_is_told_to_people(kind, invoke):
    answer = invoke("list", kind)
    assert answer.code == 0
    for name, variant in TABLES[kind].items():
        assert name in answer.out
        assert all(parameter in answer.out for parameter in variant.parameters())


def test_a_required_parameter_is_marked(invoke):
    """L2 has no default weight: it must be given."""
    rows = {row["name"]: row for row in invoke("list", "regularizers", "--format", "json").json}
    assert rows["l2"]["parameters"][0]["default"] is None
    assert "weight (required)" in invoke("list", "regularizers").out


def test_listing_needs_and_makes_no_database(invoke, tmp_path):
    invoke("list", "optimizers")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["optimiser", "Optimizers", ""])
def test_an_unknown_kind_is_told_with_the_known_ones(kind, invoke):
    answer = invoke("list", kind)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1 and "optimizers" in answer.err
