"""The pictures in the documentation: each is drawn by the program, shown on a page, and described in words."""

import importlib.util
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from fitgap.runner.charts import KINDS
from fitgap.runner.studies import STUDIES
from PIL import Image


def load_pictures():
    """Load `docs/pictures.py` by its path; as a module of a package, it would be searched for next to this file."""
    place = Path(__file__).parents[2] / "docs" / "pictures.py"
    specification = importlib.util.spec_from_file_location("pictures_of_the_documentation", place)
    sys.modules[specification.name] = module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


pictures = load_pictures()
DOCS, DRAWINGS, IMAGES, write = pictures.DOCS, pictures.DRAWINGS, pictures.IMAGES, pictures.write
PAGES = [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
BY_HAND = {"fit-plane.svg", "three-fits.svg"}
# Taken in a browser by docs/screenshots.py.
OF_THE_WEB_PAGE = {"page-results.png", "page-sweep.png"}


def shown():
    """All images on all pages: the alternative text and the file of each."""
    for page in PAGES:
        for words, place in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            yield words, (page.parent / place).resolve()


def test_every_picture_is_drawn_by_the_program_and_shown():
    files = {each.file for each in DRAWINGS}
    files |= {pictures.picture_of(study) for study in STUDIES.values()}
    assert {path.name for path in IMAGES.iterdir()} == files | BY_HAND | OF_THE_WEB_PAGE
    assert {path.name for _, path in shown()} >= files
    assert all(path.exists() and len(words) > 20 for words, path in shown())


def test_the_gallery_has_every_kind_with_its_question_a_picture_and_a_pitfall():
    text = (DOCS / "how-to" / "draw.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+)$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    # Some kinds are illustrated with pictures of studies.
    of_studies = {"learning-curve", "repeats"}
    assert set(sections) == set(KINDS) == {each.kind for each in DRAWINGS} | of_studies
    assert all(f"study-{name}.svg" in sections[name] for name in of_studies)
    for name, section in sections.items():
        assert f"*{KINDS[name].question}*" in section and "![" in section and "**Pitfall.**" in section


def documented():
    """The pictures in the documentation that the command makes."""
    return {path.name for path in IMAGES.iterdir()} - BY_HAND - OF_THE_WEB_PAGE


def outline(svg):
    """What is drawn, apart from the results: the heading, the axis titles, and the kinds of marks."""
    heading, axes, marks = None, set(), set()
    for element in ElementTree.fromstring(svg).iter():
        names = element.get("class", "").split()
        text = " ".join(each.text or "" for each in element.iter("{http://www.w3.org/2000/svg}text"))
        if "role-title-text" in names:
            # The titles of panels come before the heading.
            heading = text
        elif "role-axis-title" in names:
            # An axis is logarithmic if its values span a wide range.
            axes.add(text.removesuffix(" (log scale)"))
        elif "role-mark" in names:
            marks.add(names[0])
    # Text and rule marks depend on the results, such as how many trials diverged.
    return heading.removesuffix(" (log scale)"), axes, marks - {"mark-text", "mark-rule"}


@pytest.mark.nightly
def test_one_command_makes_every_picture_as_it_is_shown(tmp_path):
    """With very short trainings; another nightly test trains everything."""
    pictures.main([str(tmp_path), pictures.BRIEF])
    made = {path.name: path for path in tmp_path.iterdir()}
    assert made.keys() == documented()
    for name, path in made.items():
        if path.suffix == ".svg":
            assert outline(path.read_bytes()) == outline((IMAGES / name).read_bytes()), name
        else:
            assert len(np.unique(np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3), axis=0)) > 20, name


def test_brief_pictures_are_never_written_into_the_documentation():
    with pytest.raises(SystemExit, match="--brief needs a folder"):
        pictures.main([pictures.BRIEF])


@pytest.mark.nightly
def test_all_pictures_and_answers_can_be_made_again(tmp_path):
    write(DRAWINGS, tmp_path)
    answers = pictures.write_studies(STUDIES.values(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == documented()
    for name, answer in answers.items():
        page = pictures.page_of(name).read_text(encoding="utf-8")
        assert pictures.with_answer(page, answer) == page, name


def test_answers_replace_those_on_a_page():
    page = "# A\n\n## Result\n\n![x](x.svg)\n\n```text\nold\n```\n\n## How\n\n```text\nother\n```\n"
    assert pictures.with_answer(page, r"new\1") == page.replace("old", r"new\1")


def test_every_study_has_a_page_with_its_question_picture_and_exercises():
    index = (DOCS / "studies" / "index.md").read_text(encoding="utf-8")
    assert {path.stem for path in (DOCS / "studies").glob("*.md")} == {*STUDIES, "index"}
    for name, study in STUDIES.items():
        text = (DOCS / "studies" / f"{name}.md").read_text(encoding="utf-8")
        assert f"*{study.question}*" in text and f"    fitgap study {name}\n" in text
        assert re.findall("^## (.*)$", text, re.MULTILINE) == ["Theory", "Result", "How to read it", "Exercises"]
        assert f"images/{pictures.picture_of(study)}" in text
        # The command's output, which a nightly test compares letter by letter.
        answer = pictures.ANSWER.search(text)[0]
        assert f"\n{name}: {study.question}\n" in answer
        assert any(f"\nIn short: {meaning}.\n" in answer for meaning in study.outcomes.values())
        theory = text.split("## Theory\n\n")[1].split("\n\n## ")[0]
        assert len(theory.splitlines()) == 5 and ("§" in theory)
        assert f"[`{name}`]({name}.md) | {study.question} |" in index
