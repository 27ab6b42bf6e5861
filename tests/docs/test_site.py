"""The documentation site builds without a warning and without a network, and its generated pages are up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("site")

ROOT = Path(__file__).parents[2]
# Pages may link to other hosts, but must not load anything from them.
LOADED = re.compile(r'<(?:script|img|iframe)[^>]*\bsrc="(?:https?:)?//|<link rel="stylesheet"[^>]*href="(?:https?:)?//')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


# The site takes half a minute to build; `.ci/run` builds it for every change.
@pytest.mark.nightly
def test_the_site_builds_without_a_warning(site):
    assert (site / "index.html").exists() and (site / "reference" / "commands" / "index.html").exists()


@pytest.mark.nightly
def test_pages_load_nothing_from_other_hosts(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [page for page in pages if LOADED.search(page.read_text())] == []


def test_generated_pages_say_what_the_program_says():
    """After changing a help text, a key or a variant, run `python -m docs.generate`."""
    code = (
        "from docs.generate.__main__ import PAGES, REFERENCE\n"
        "print(*[name for name, page in PAGES.items() if (REFERENCE / name).read_text() != page()])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr or "run `python -m docs.generate`"
