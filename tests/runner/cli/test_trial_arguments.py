"""What commands about one trial print if they get anything other than its number."""

import re

import pytest

COMMANDS = ("show {}", "replay {}", "export {} -o model.npz", "cancel some --trial {}", "predict {} examples.csv")


@pytest.fixture
def planned(store, make_plan, database):
    store.add_sweep(make_plan(name="some"))
    return database


@pytest.mark.parametrize("command", COMMANDS)
def test_the_name_of_a_sweep_leads_to_its_trials(command, planned, invoke):
    answer = invoke(*command.format("some").split(), "--db", planned)
    assert answer.code == 2
    assert "some is a sweep, but a trial is needed; `fitgap trials some --db " in answer.err and "` lists" in answer.err


def test_the_name_of_a_trained_sweep_also_leads_to_its_best_trial(trained_database, invoke):
    database = ("--db", trained_database)
    for command in (("show", "small"), ("predict", "small", "examples.csv")):
        answer = invoke(*command, *database)
        assert answer.code == 2
        number = int(re.search(r", and `fitgap show (\d+) --db ", answer.err)[1])
        configuration = invoke("show", str(number), "--format", "json", *database).json["configuration"]
        groups = invoke(
            "compare", "small", "--by", "configuration", "--of", "honest_e_v", "--format", "json", *database
        )
        whole = [group for group in groups.json if group["completed"] == group["trials"]]
        lowest = min(whole, key=lambda group: group["honest_e_v"])
        assert (configuration, number) == (lowest["configuration"], lowest["best_trial"])


@pytest.mark.parametrize("text", ["other", "1.5", "ten"])
@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_other_text_is_no_number(command, text, planned, invoke):
    answer = invoke(*command.format(text).split(), "--db", planned)
    assert answer.code == 2 and answer.err.count("\n") == 1
    assert f"must be the number of a trial, but is '{text}'" in answer.err


def test_an_endless_number_is_that_of_no_trial(planned, invoke):
    answer = invoke("show", "9" * 5000, "--db", planned)
    assert answer.code == 2 and "there is no trial 999" in answer.err and len(answer.err) < 200


def test_a_model_that_is_missing_is_a_missing_file(own_folder, invoke):
    """Also without a database, which a model does not need."""
    answer = invoke("predict", "some", "examples.csv", "--db", "missing.db")
    assert answer.code == 2 and "there is no file some" in answer.err
    assert "must be the number of a trial" in invoke("show", "some", "--db", "missing.db").err
    assert not list(own_folder.iterdir())
