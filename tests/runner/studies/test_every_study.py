"""Every study has a valid sweep file and, whatever was trained, an answer, a chart and honest caveats."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from fitgap.runner.charts.files import content_of
from fitgap.runner.cli.commands.study import NAMES
from fitgap.runner.cli.render.study_answer import print_answer
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import ChartError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_mapping, sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.studies import STUDIES, Plan, Size, StudyRequest, planned_study, result_of
from support.sampling import at_night, every

# Processors add in different orders, which changes the second or third digit of some errors after a hundred epochs.
DIGITS_OF_THE_PROCESSOR = 0.2
PAGES = Path(__file__).parents[3] / "docs" / "studies"
EVERY = pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
# Per commit, test_honest_answers.py trains all of them and reads their answers.
SOME = pytest.mark.parametrize("study", every(4, STUDIES.values()), ids=STUDIES)


def trained(path, content, **training):
    """The store with a sweep of this content, trained as briefly as `training` says."""
    content = {**content, "training": {**content["training"], **training}}
    store = open_store_for_writing(str(path / "it.db"))
    written = write_sweep(store, prepare_sweep(sweep_from_mapping(content)))
    drive(store, written, engine="local", workers=None, on_block=lambda block: None)
    return store


def content_of_study(study, plan):
    return {"name": study.name, "data": study.data, "seed": 0, **study.settings(plan)}


@EVERY
@pytest.mark.parametrize("size", Size)
def test_the_file_is_the_sweep(study, size):
    planned = planned_study(StudyRequest(study, study.data, size))
    assert planned.text.startswith(f"# Study {study.name}: {study.question}\n")
    sweep = sweep_from_text(planned.text, f"{study.name}.yaml")
    assert sweep.canonical() == planned.prepared.sweep.canonical()
    assert sweep.name == study.name
    assert len(planned.text.splitlines()) < 20


@EVERY
def test_a_thorough_study_trains_more_and_a_quick_one_less(study):
    trials = [planned_study(StudyRequest(study, study.data, size)).prepared.trial_count for size in Size]
    assert trials == sorted(trials) and len(set(trials)) == 3


@EVERY
def test_the_number_of_repeats_is_as_asked_for(study):
    assert planned_study(StudyRequest(study, study.data, repeats=7)).prepared.sweep.repeats == 7


@SOME
def test_it_answers_after_hardly_any_training(study, tmp_path):
    content = content_of_study(study, Plan(150, Size.QUICK, repeats=3))
    with trained(tmp_path, content, epochs=2) as store:
        result = result_of(study, store, study.name)
        assert result.answer.outcome in study.outcomes
        sentences = result.sentences()
        assert sentences and all(each.endswith(".") and "None" not in each and "nan" not in each for each in sentences)
        row = json.loads(json.dumps(result.as_row(), allow_nan=False))
        assert row["meaning"] == study.outcomes[row["outcome"]]
        assert all(set(study.keys) & set(group) for group in row["groups"])
        assert content_of(result.chart(store), ".svg")


@SOME
def test_it_says_so_if_nothing_can_be_compared(study, tmp_path):
    content = {
        "name": "single",
        "data": study.data,
        "training": {"epochs": 1},
        "axes": {"architecture": ["none"]},
        "repeats": 2,
    }
    with trained(tmp_path, content) as store:
        result = result_of(study, store, "single")
        assert result.answer.outcome == "unknown"
        assert result.answer.sentences


@SOME
def test_diverged_trials_are_counted(study, tmp_path):
    content = content_of_study(study, Plan(150, Size.QUICK, repeats=2))
    content["axes"]["optimizer"] = [{"gradient_descent": {"rate": 1e30}}]
    with trained(tmp_path, content, epochs=1) as store:
        result = result_of(study, store, study.name)
        assert result.answer.outcome == "unknown"
        assert any("trials diverged and are left out of all means" in each for each in result.sentences())
        # Some charts show where trials diverged; the others have nothing to show.
        with contextlib.suppress(ChartError):
            assert content_of(result.chart(store), ".svg")


# What textbooks say, for each study's own data.
EXPECTED = {
    "capacity": "u_shape",
    "learning-curve": "still_falling",
    "double-descent": "double_descent",
    "regularization": "helps",
    "optimizers": "several_best",
    "depth": "vanishing",
    "early-stopping": "regularizer_is_better",
    "repeats": "shown",
    "batch-size": "rate_grows",
    "boundaries": "both",
}


@pytest.mark.parametrize("name", [name if name == "capacity" else at_night(name) for name in STUDIES])
def test_the_answer_is_that_of_the_textbooks_and_of_the_page(name, tmp_path, capsys):
    study = STUDIES[name]
    planned = planned_study(StudyRequest(study, study.data))
    with open_store_for_writing(str(tmp_path / "it.db")) as store:
        written = write_sweep(store, planned.prepared)
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        result = result_of(study, store, name)
        assert result.answer.outcome == EXPECTED[name]
        capsys.readouterr()
        print_answer(result)
        words, numbers = words_and_numbers(capsys.readouterr().out)
        shown_words, shown_numbers = words_and_numbers(shown_answer(name))
        assert words == shown_words
        assert numbers == pytest.approx(shown_numbers, rel=DIGITS_OF_THE_PROCESSOR, abs=0.005)


def shown_answer(name):
    """The answer that the page of a study shows."""
    blocks = re.findall(r"```text\n(.*?)```\n", (PAGES / f"{name}.md").read_text(encoding="utf-8"), re.DOTALL)
    (answer,) = (block for block in blocks if block.startswith(f"{name}: "))
    return answer


def words_and_numbers(answer):
    """The words and the numbers of an answer. Spaces and rules are left out, since they depend on the numbers."""
    number = r"(?<![\w.-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    words = re.sub(number, "#", answer).replace("─", " ").split()
    return words, [float(found) for found in re.findall(number, answer)]


def test_every_study_has_its_expected_answer_and_a_name_in_the_help():
    assert EXPECTED.keys() == STUDIES.keys()
    assert tuple(STUDIES) == NAMES


def test_settings_at_the_ends_of_an_axis_are_in_quick_studies_too():
    assert Plan(150, Size.QUICK).some_of((1, 2, 3, 4, 5, 6)) == [1, 3, 6]
