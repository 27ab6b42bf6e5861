"""Charts, tables and API answers as files: the same as the commands print."""

import json

import pytest


@pytest.mark.parametrize(("ending", "start"), [("json", b"{"), ("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_chart_is_a_file(client, ending, start):
    answer = client.get(f"/sweeps/made/charts/fitmap.{ending}")
    assert answer.status_code == 200 and answer.content.startswith(start)


def test_a_live_chart_has_stable_names_for_its_data_and_can_be_selected(client):
    chart = client.get("/sweeps/made/charts/fitmap.json", params={"live": 1, "theme": "dark"}).json()
    assert list(chart["datasets"]) == [f"rows{number}" for number in range(len(chart["datasets"]))]
    (points,) = (layer for layer in chart["layer"] if "params" in layer)
    assert [each["name"] for each in points["params"]] == ["box", "pick"]
    assert points["data"]["name"] in chart["datasets"]


def test_pinned_configurations_are_those_whose_curves_are_drawn(client):
    pins = "0000000000000003,0000000000000004"
    chart = client.get("/sweeps/made/charts/curves.json", params={"pins": pins}).json()
    titles = [" ".join(panel["title"]["text"]) for panel in chart["concat"]]
    assert len(titles) == 2 and "trial 10:" in titles[0] and "trial 13:" in titles[1]


def test_downloads_have_all_rows_and_the_keys_of_the_commands(client, invoke, made_database):
    csv = client.get("/sweeps/made/table.csv", params={"show": "trials", "where": "e_v > 0.25"})
    columns = csv.text.partition("\n")[0]
    command = invoke(
        "trials", "made", "--db", made_database, "--where", "e_v > 0.25", "--format", "csv", "--columns", columns
    )
    assert csv.text == command.out
    assert csv.headers["content-disposition"] == 'attachment; filename="made-trials.csv"'
    rows = client.get("/sweeps/made/table.json").json()
    assert len(rows) == 24 and "best_e_v" in rows[0]
    assert client.get("/sweeps/made/table.parquet").content.startswith(b"PAR1")
    epochs = client.get("/trials/7/epochs.json").json()
    assert epochs == json.loads(invoke("epochs", 7, "--db", made_database, "--format", "json").out)


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("/api/sweeps", ["sweeps"]),
        (
            "/api/sweeps/made/trials?limit=5&where=e_v > 0.25&sort=-e_v",
            ["trials", "made", "--limit", 5, "--where", "e_v > 0.25", "--sort=-e_v"],
        ),
        ("/api/sweeps/made/compare?by=optimizer", ["compare", "made", "--by", "optimizer"]),
        ("/api/sweeps/made/importance", ["importance", "made"]),
        ("/api/sweeps/made/diagnosis", ["diagnose", "made"]),
        ("/api/trials/7", ["show", 7]),
        ("/api/trials/7/epochs", ["epochs", 7]),
        ("/api/trials/7/diagnosis", ["diagnose", 7]),
    ],
)
def test_the_api_answers_what_the_commands_print(client, invoke, made_database, address, command):
    assert client.get(address).json() == invoke(*command, "--db", made_database, "--format", "json").json


def test_the_description_names_every_address_of_the_api(client):
    described = client.get("/api/openapi.json").json()
    served = {route.path for route in client.app.routes if route.path.startswith("/api/")}
    assert set(described["paths"]) == served - {"/api/", "/api/openapi.json", "/api/{rest:path}"}


def test_errors_of_the_api_are_json(client):
    answer = client.get("/api/sweeps/made/trials", params={"where": "nothing > 1"})
    assert answer.status_code == 422 and set(answer.json()) == {"error", "advice", "lines"}
    assert client.get("/api/nothing").status_code == 404
