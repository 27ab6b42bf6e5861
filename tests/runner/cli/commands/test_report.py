"""`fitgap report`: one file about a sweep."""

import html

import pytest
from support.sampling import at_night


@pytest.mark.parametrize("sweep", ["one", at_night("small")])
def test_a_report_is_written_as_html_and_as_pdf(sweep, invoke, trained_database, tmp_path):
    """A sweep with one configuration has few charts; those of larger sweeps are covered by tests/runner/report."""
    where = ("--db", trained_database) if sweep == "small" else ()
    if sweep == "one":
        assert invoke("run", "--data", "xor", "--epochs", "2", "--name", "one", "--engine", "local").code == 0
    answer = invoke("report", sweep, "-o", "r.html", "--pdf", *where)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"report on {sweep}: r.html\nreport on {sweep}: r.pdf\n"
    page = (tmp_path / "r.html").read_text()
    # The page contains the answer of `fitgap diagnose`.
    told = invoke("diagnose", sweep, *where).out.splitlines()[0]
    assert told.startswith(f"{sweep}: ") and html.escape(told) in page
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.nightly
def test_without_a_name_the_file_is_named_after_the_sweep(invoke, trained_database, tmp_path):
    assert invoke("report", "1", "--db", trained_database).code == 0
    assert (tmp_path / "small-report.html").exists()


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("small", "-o", "r.txt"), "r.txt must end in .html or .pdf"),
        (("large",), "there is no sweep 'large'"),
        (("small", "-o", "no/folder/r.html"), "cannot be written"),
    ],
)
def test_mistakes_are_one_line(words, message, invoke, trained_database):
    answer = invoke("report", *words, "--db", trained_database)
    assert answer.code == 2 and message in answer.err and "Traceback" not in answer.err
