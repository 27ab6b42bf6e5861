"""The score for numeric targets is R², on the page and in the report; that for classes is accuracy."""

import pytest
from fitgap.runner.report import report_of
from fitgap.runner.store import open_store
from support.sampling import at_night

SWEEP = ("--hidden", "2", "--hidden", "3", "--epochs", "2", "--name", "small", "--engine", "local")


@pytest.mark.parametrize(
    ("data", "score", "other"), [("diabetes", "R²", "accuracy"), at_night("xor", "accuracy", "R²")]
)
def test_the_score_has_the_name_that_fits_the_targets(open_page, invoke, data, score, other):
    assert invoke("run", "--data", data, *SWEEP).code == 0
    page = open_page("fitgap.db")
    with open_store("fitgap.db") as store:
        pins = ",".join(row["hash"] for row in store.configurations(1))
        tables = [each for each in report_of(store, "small", []).sections if each.heading == "The best configurations"]
    assert score in tables[0].blocks[0].headers and other not in tables[0].blocks[0].headers
    sweep = page.get("/sweeps/small/table", params={"columns": "best_accuracy_v"}).text
    assert f">{score}</a>" in sweep and f">best {score} v</a>" in sweep and f">{other}" not in sweep
    trial = page.get("/trials/1").text
    assert f"<dt>{score} (train)</dt>" in trial and f"<dt>{other}" not in trial
    compared = page.get("/sweeps/small/compare", params={"pins": pins}).text
    assert f">{score}</th>" in compared and f">{other}" not in compared
