"""The pictures of the documentation: each is drawn by the program, shown on a page, and described in words."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from fitgap.runner.charts import KINDS


def load_pictures():
    """`docs/pictures.py`; as a module of a package it would be looked for next to this file."""
    place = Path(__file__).parents[2] / "docs" / "pictures.py"
    specification = importlib.util.spec_from_file_location("pictures_of_the_documentation", place)
    sys.modules[specification.name] = module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


pictures = load_pictures()
DOCS, DRAWINGS, IMAGES, write = pictures.DOCS, pictures.DRAWINGS, pictures.IMAGES, pictures.write
PAGES = [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
BY_HAND = {"fit-plane.svg", "three-fits.svg"}


def shown():
    """All images on all pages: the text that describes each, and its file."""
    for page in PAGES:
        for words, place in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            yield words, (page.parent / place).resolve()


def test_every_picture_is_drawn_by_the_program_and_shown():
    files = {each.file for each in DRAWINGS}
    assert {path.name for path in IMAGES.iterdir()} == files | BY_HAND
    assert {path.name for _, path in shown()} >= files
    assert all(path.exists() and len(words) > 20 for words, path in shown())


def test_the_gallery_has_every_kind_with_its_question_a_picture_and_a_pitfall():
    text = (DOCS / "how-to" / "draw.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    assert set(sections) == set(KINDS) == {each.kind for each in DRAWINGS}
    for name, section in sections.items():
        assert f"*{KINDS[name].question}*" in section and "![" in section and "**Pitfall.**" in section


def test_pictures_of_the_tutorial_can_be_drawn_again(tmp_path):
    """The others take a minute: see below."""
    chosen = [each for each in DRAWINGS if each.sweep == "houses"]
    write(chosen, tmp_path)
    for each in chosen:
        assert (tmp_path / each.file).read_text().startswith("<svg")


@pytest.mark.nightly
def test_all_pictures_can_be_drawn_again(tmp_path):
    write(DRAWINGS, tmp_path)
    assert {path.name for path in Path(tmp_path).iterdir()} == {each.file for each in DRAWINGS}
