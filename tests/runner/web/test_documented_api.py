"""The API examples in the documentation, requested from a page on a sweep called `digits`."""

import re
from pathlib import Path

import pytest
from support.charts.made_sweeps import Made, make

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("examples of the API")

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "web-page.md"
TABLE = PAGE.read_text().partition("<!-- api examples -->")[2].partition("<!-- end -->")[0]
EXAMPLES = re.findall(r"^\| `(/api/[^`]+)`", TABLE, re.MULTILINE)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("documented") / "digits.db"
    make(str(path), Made(name="digits", scale=0.3))
    return path


def test_there_is_an_example_of_every_kind():
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("address", EXAMPLES)
def test_an_example_has_an_answer(address, open_page, digits):
    answer = open_page(digits).get(address)
    assert answer.status_code == 200 and answer.json()
