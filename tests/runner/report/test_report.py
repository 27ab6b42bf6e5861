"""The report on a sweep: its content, as a page and as a PDF."""

import io
import json
import re

import pytest
from fitgap.runner.report import html_page, pdf_document, report_of
from fitgap.runner.report.contents import Lines, Picture, Table, Words
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store
from pypdf import PdfReader
from support.charts.made_sweeps import Made, make

HOSTILE = "</pre><script>alert(1)</script>&lt;"


# These tests share a report, which draws every chart, so they run in one worker.
pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture(scope="module")
def trained(trained_database):
    with open_store(str(trained_database)) as store:
        yield store


@pytest.fixture(scope="module")
def report(trained):
    return report_of(trained, "small", ["the answer", "  in lines"])


@pytest.fixture
def made(tmp_path, sqlite_template):
    """An open store with a synthetic sweep whose settings contain what must not be in a page."""
    path = tmp_path / "made.db"
    path.write_bytes(sqlite_template.read_bytes())
    make(str(path), Made(configurations=100, diverging=7, text=HOSTILE))
    with open_store(str(path)) as store:
        yield store


def test_a_report_has_the_question_the_answer_charts_tables_and_how_to_reproduce_it(report):
    assert report.title == "fitgap report: small"
    sections = {each.heading: each.blocks for each in report.sections}
    assert list(sections)[:4] == ["Question", "Answer", "What underfits, what overfits", "The best configurations"]
    assert "24 configurations underfit" in sections["Question"][0].text
    assert sections["Answer"] == [Lines(["the answer", "  in lines"])]
    assert all(isinstance(sections[name][0], Picture) for name in ("Capacity", "Which settings matter"))
    (table,) = sections["The best configurations"]
    assert (
        isinstance(table, Table) and len(table.rows) == 15 and all(len(row) == len(table.headers) for row in table.rows)
    )
    versions = {row[0]: row[1] for row in sections["How to reproduce it"][2].rows}
    assert {"fitgap", "python", "numpy"} <= set(versions)


def test_the_settings_in_a_report_are_a_sweep_file(report, trained):
    sections = {each.heading: each.blocks for each in report.sections}
    text = "\n".join(sections["How to reproduce it"][1].lines)
    specification = json.loads(text)
    assert specification == trained.sweep("small")["specification"]
    assert len(sweep_from_mapping(specification).configurations()) == 24


def test_a_chart_that_does_not_suit_is_replaced_by_the_reason(tmp_path, sqlite_template):
    path = tmp_path / "pending.db"
    path.write_bytes(sqlite_template.read_bytes())
    make(str(path), Made(configurations=2, repeats=1, pending=2))
    with open_store(str(path)) as store:
        report = report_of(store, "made", ["nothing yet"])
    reasons = [each.blocks[0] for each in report.sections if each.heading in ("Capacity", "Which settings matter")]
    assert reasons[0] == Words("No chart: no trial has completed.")
    assert html_page(report) and pdf_document(report)


def test_a_page_loads_nothing_runs_nothing_and_escapes_everything(made):
    page = html_page(report_of(made, "made", ["answer", HOSTILE])).decode()
    assert "<script" not in page and "javascript:" not in page
    assert page.count(HOSTILE) == 0 and "&lt;/pre&gt;&lt;script&gt;" in page
    addresses = re.findall(r'(?:src|srcset|href)="(.{0,15})', page)
    assert addresses and all(each.startswith("data:image/") for each in addresses)
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page
    assert len(re.findall('<img [^>]*alt="[^"]{20,}"', page)) == 4


@pytest.mark.nightly
def test_paper_has_pages_with_text_and_charts(made):
    document = PdfReader(io.BytesIO(pdf_document(report_of(made, "made", ["the answer \x00 in words", HOSTILE]))))
    assert len(document.pages) >= 3 and document.metadata.title == "fitgap report: made"
    text = "\n".join(page.extract_text() for page in document.pages)
    assert "the answer \ufffd in words" in text and HOSTILE in text
    assert "The best configurations" in text and "made: what underfits and what overfits" in text
    sizes = {(round(page.mediabox.width), round(page.mediabox.height)) for page in document.pages}
    assert sizes == {(595, 842)}
