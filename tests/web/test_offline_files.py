"""Files to share, opened in a browser without a network: they show everything, request nothing, and run nothing that
they contain as text.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from support.charts.made_sweeps import Made, make

# These tests share a fixture that is slow to set up.
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.nightly]

COMMAND = str(Path(sys.executable).with_name("fitgap"))
HOSTILE = "</pre><script>alert(1)</script>&lt;"
WRITTEN = {
    "report": ("report", "made", "-o", "made.html"),
    "chart": ("plot", "fitmap", "made", "-o", "made.html"),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "made.db"
    make(str(path), Made(configurations=30, diverging=7, text=HOSTILE))
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_a_file_shows_its_charts_without_a_network(kind, scheme, browser, database, tmp_path):
    words = [COMMAND, *WRITTEN[kind], "--db", str(database)]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    context = browser.new_context(offline=True, color_scheme=scheme)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    address = (tmp_path / "made.html").as_uri()
    page.goto(address)
    page.wait_for_selector("svg, canvas, img")
    page.wait_for_load_state("networkidle")
    drawn = page.locator("svg, canvas, img").first.bounding_box()
    assert drawn["width"] > 200 and drawn["height"] > 100
    assert said == []
    assert [each for each in asked if not each.startswith(("data:", "blob:"))] == [address]
    context.close()
