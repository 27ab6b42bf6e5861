"""All actions that change something: labels, deletion, and sweeps that are started, paused and extended."""

import re
import time
from urllib.parse import urljoin

import pytest
from fitgap.runner.driver import drive, stored_sweep
from fitgap.runner.store import open_store, open_store_for_writing
from support.charts.made_sweeps import Made, make

ORIGIN = {"Origin": "http://127.0.0.1:8640"}
SMALL = "name: tiny\ndata: xor\nrepeats: 2\ntraining: {epochs: 3, batch_size: 2}\naxes:\n  architecture: [2, 4]\n"
LONG = "name: long\ndata: digits\nrepeats: 2\ntraining: {epochs: 100000}\naxes:\n  architecture: [2]\n"
TIMEOUT = 90


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.db"
    make(str(path), Made(configurations=6, repeats=2))
    return path


@pytest.fixture
def page(open_page, own):
    client = open_page(own, training_options=("--engine", "local"))
    yield client
    # No process that the page started outlives a test.
    for training in [each for number in (1, 2, 3) for each in client.app.state.trainings.alive(number)]:
        training.process.terminate()
        training.process.wait()


@pytest.fixture
def send(page):
    """`send(address, **fields)`: sends a form as the page would."""

    def send_(address, files=None, **fields):
        fields = {"form_token": page.app.state.settings.form_token, **fields}
        return page.post(address, data=fields, files=files, headers=ORIGIN)

    return send_


def rows(path):
    with open_store(str(path)) as store:
        return {row["name"]: row for row in store.sweeps()}


def wait_until(check):
    until = time.monotonic() + TIMEOUT
    while not check():
        assert time.monotonic() < until, "this never happened"
        time.sleep(0.2)


PRUNED = (
    "name: cut\ndata: xor\nhalving: {first: 1, factor: 2}\ntraining: {epochs: 4}\naxes: {architecture: [2, 3, 4, 5]}\n"
)


def test_pruned_trials_are_trained_on_as_soon_as_all_rungs_are_decided(send, page, own, monkeypatch):
    started = []
    monkeypatch.setattr(page.app.state.trainings, "start", started.append)
    button = "Continue the pruned trials</button>"
    assert send("/new/file", text=PRUNED, do="start").headers["location"] == "../sweeps/cut"
    assert button not in page.get("/sweeps/cut").text
    assert send("/sweeps/cut/continue").status_code == 422, "its rungs are undecided"
    with open_store_for_writing(str(own)) as store:
        drive(store, stored_sweep(store, "cut"), engine="local", workers=None, on_block=lambda block: None)
    pruned = rows(own)["cut"]["pruned"]
    assert pruned == 3 and button in page.get("/sweeps/cut").text
    assert button not in page.get("/sweeps/made").text
    answer = send("/sweeps/cut/continue", where="rung > 99")
    assert (answer.status_code, "no pruned trials that match" in answer.text) == (422, True)
    assert send("/sweeps/cut/continue", where="rung >").status_code == 422
    assert send("/sweeps/made/continue").status_code == 422
    assert (rows(own)["cut"]["pending"], started) == (0, [2])
    assert send("/sweeps/cut/continue", where="rung == 2").headers["location"] == "../cut"
    assert (rows(own)["cut"]["pending"], started) == (1, [2, 2])
    assert button in page.get("/sweeps/cut").text, "two are still pruned"
    send("/sweeps/cut/continue")
    assert rows(own)["cut"]["pending"] == pruned and button not in page.get("/sweeps/cut").text


ROUNDS = "name: cut\ndata: xor\nrepeats: {from: 1, to: 3}\ntraining: {epochs: 2}\naxes: {architecture: [2, 3]}\n"


@pytest.mark.parametrize(("text", "rule"), [(PRUNED, "uses halving"), (ROUNDS, "has rounds of repeats")])
def test_advice_is_not_offered_where_it_could_not_be_added(send, page, monkeypatch, text, rule):
    monkeypatch.setattr(page.app.state.trainings, "start", lambda sweep: None)
    send("/new/file", text=text, do="start")
    for address in ("/sweeps/cut", "/sweeps/cut/answer", "/sweeps/cut/answer?fragment=1"):
        assert "/extend" not in page.get(address).text and "/extend" in page.get(address.replace("cut", "made")).text
    form = page.get("/sweeps/cut/extend").text
    assert rule in form and "follow the advice in a new sweep" in form and "<button>Add and train" not in form


def test_tags_notes_and_names_can_be_changed(send, page, own):
    assert send("/sweeps/made/tag", tag="first, second").headers["location"] == "../made"
    send("/sweeps/made/untag", tag="second")
    send("/sweeps/made/note", note="two\r\nlines")
    assert rows(own)["made"]["tags"] == ["first"] and rows(own)["made"]["note"] == "two\nlines"
    assert send("/sweeps/made/rename", name="better").headers["location"] == "../better"
    assert "better" in rows(own)
    send("/trials/3/tag", tag="odd")
    send("/trials/3/note", note="look")
    with open_store(str(own)) as store:
        shown = store.show(3)
    assert shown["tags"] == ["odd"] and shown["note"] == "look"
    assert "?tag=first" in page.get("/").text


def test_the_tag_of_a_trial_leads_to_the_trials_with_it(send, page):
    send("/trials/3/tag", tag="it's odd")
    (link,) = re.findall(r'class="tag" href="([^"]*)#table-title"', page.get("/trials/3").text)
    assert page.get(urljoin("/trials/3", link.replace("&amp;", "&"))).text.count("<tr id=") == 1


def test_labels_that_are_not_valid_are_refused_with_the_rule(send, own):
    answer = send("/sweeps/made/rename", name="no spaces, please")
    assert answer.status_code == 422 and "must be 1 to 64 letters" in answer.text
    assert "no spaces, please" in answer.text and 'href="../../sweeps/made">Back to made<' in answer.text
    assert send("/sweeps/made/tag", tag="x" * 65).status_code == 422
    assert send("/sweeps/made/note", note="\x00").status_code == 422
    assert rows(own)["made"]["tags"] == []


def test_a_form_of_another_page_is_refused(page, own):
    answer = page.post("/sweeps/made/tag", data={"tag": "x"}, headers=ORIGIN)
    assert answer.status_code == 403 and "This form has expired" in answer.text
    assert rows(own)["made"]["tags"] == []


def test_a_sweep_is_deleted_only_by_typing_its_name(send, page, own):
    assert (
        "6 configurations" in page.get("/sweeps/made/delete").text
        or "12 trials" in page.get("/sweeps/made/delete").text
    )
    assert send("/sweeps/made/delete", name="mad").status_code == 422
    assert "made" in rows(own)
    assert send("/sweeps/made/delete", name="made").headers["location"] == "../../"
    assert rows(own) == {}


def test_a_trial_is_deleted_after_a_question(send, page, own):
    assert "1 trial" in page.get("/trials/3/delete").text
    assert send("/trials/3/delete").headers["location"] == "../../sweeps/made"
    assert rows(own)["made"]["trials"] == 11
    assert page.get("/trials/3").status_code == 404


def test_a_read_only_page_changes_nothing(open_page, own):
    page = open_page(own, read_only=True)
    answer = page.post("/sweeps/made/tag", data={"tag": "x"}, headers=ORIGIN)
    assert answer.status_code == 403 and "--read-only" in answer.text
    assert '<form method="post"' not in page.get("/sweeps/made").text


def test_a_pasted_sweep_trains_in_a_process_of_its_own(send, page, own):
    answer = send("/new/file", text=SMALL, do="start")
    assert answer.headers["location"] == "../sweeps/tiny"
    wait_until(lambda: rows(own)["tiny"]["completed"] == 4)
    wait_until(lambda: not page.app.state.trainings.alive(2))
    assert page.app.state.trainings.failure(2) == []
    assert page.get("/sweeps/tiny").status_code == 200


def test_the_plan_is_shown_without_training(send, own):
    answer = send("/new/file", text=SMALL, do="check")
    assert answer.status_code == 200 and "2 configurations × 2 repeats = 4 trials" in answer.text
    assert "tiny" not in rows(own)


def test_repeats_may_be_rounds_in_a_pasted_file_and_in_the_form(send):
    pasted = send("/new/file", text=SMALL.replace("repeats: 2", "repeats: {from: 2, to: 4}"), do="check").text
    assert "rounds: at least 4, at most 8 trials" in pasted
    filled = send("/new/form", source="xor", hidden="2\n3", epochs="2", repeats="from=1,to=4", do="check").text
    assert "<p>xor: 2 configurations</p>" in filled and "<p>rounds: at least 4, at most 8 trials</p>" in filled
    (field,) = re.findall(r"<label>(Repeats, .*?)</label>", filled)
    assert "from=1,to=8" in field and "inputmode" not in field


def test_mistakes_in_a_sweep_file_are_shown_at_their_line(send, own):
    answer = send("/new/file", text=SMALL.replace("architecture", "architectur"), do="start")
    assert answer.status_code == 422 and "did you mean &#39;architecture&#39;" in answer.text
    assert "<mark>   6    architectur: [2, 4]</mark>" in answer.text and ">Line 6</a>: axes.architectur" in answer.text
    # The error is above everything else on the page.
    first = answer.text.index('role="alert"')
    assert first < answer.text.index("<form") and first < answer.text.index("From a form")
    missing = send("/new/file", text="name: x\ndata: nothing.csv\n", do="check").text
    assert (
        ">Line 2</a>: nothing.csv: there is no such file" in missing
        and "<mark>   2  data: nothing.csv</mark>" in missing
    )
    assert "tiny" not in rows(own)
    uploaded = send("/new/file", files={"file": ("../../evil\\my sweep.yaml", b"data: digitz\n")})
    assert "did you mean &#39;digits&#39;" in uploaded.text
    assert send("/new/file", files={"file": ("x.yaml", b"\xff\xfe\x00")}).status_code == 422


def test_the_form_shows_mistakes_at_their_field(send):
    answer = send(
        "/new/form", source="xor", hidden="4x", activation="relu", regularizer="none", optimizer="adam", do="start"
    )
    assert answer.status_code == 422
    field = re.search(r"<textarea name=\"hidden\"[^>]*>", answer.text).group()
    assert 'aria-describedby="mistake"' in field and "hidden layers such as 64-32" in answer.text
    assert '<a href="#field-hidden">Hidden layers</a>: 4x: must be' in answer.text
    answer = send("/new/form", source="xor", epochs="x", do="check").text
    assert "Epochs</a>: must be a whole number, at least 1, at most 1000000000, but is &#39;x&#39;" in answer
    answer = send("/new/form", source="/etc/passwd", hidden="4")
    assert answer.status_code == 422
    assert "Data set</a>: &#39;/etc/passwd&#39; is not a data set in the list" in answer.text


def test_an_uploaded_table_is_inspected_and_trained(send, own):
    table = "size;town;price\n" + "".join(f"{number},5;{'ab'[number % 2]};{number * 2}\n" for number in range(60))
    looked = send("/new/data", files={"data": ("my houses.csv", table.encode())}, target="price")
    assert looked.status_code == 200 and "60 rows" in looked.text and "<option selected>price</option>" in looked.text
    source = re.search(r'name="source" value="(memory:\w+)"', looked.text).group(1)
    fields = {"source": source, "target": "price", "hidden": "2", "epochs": "2", "repeats": "1", "name": "houses"}
    answer = send("/new/form", do="start", **fields)
    assert answer.headers["location"] == "../sweeps/houses"
    wait_until(lambda: rows(own)["houses"]["completed"] == 1)


def test_data_that_cannot_be_read_say_why(send):
    answer = send("/new/data", files={"data": ("a.csv", b"")})
    assert answer.status_code == 422 and "empty" in answer.text
    answer = send("/new/data", files={"data": ("a.csv", b"a,b\n1,2\n")}, target="nothing")
    assert answer.status_code == 422 and "a.csv" in answer.text and "memory:" not in answer.text


def test_a_sweep_can_be_paused_resumed_and_cancelled(send, page, own):
    send("/new/file", text=LONG, do="start")
    wait_until(lambda: rows(own)["long"]["running"])
    assert ">Pause</button>" in page.get("/sweeps/long").text
    assert send("/sweeps/long/pause").headers["location"] == "../long"
    wait_until(lambda: not page.app.state.trainings.alive(2))
    assert rows(own)["long"]["running"] == 0 and rows(own)["long"]["pending"] == 2
    assert ">Resume</button>" in page.get("/sweeps/long").text
    assert send("/sweeps/long/pause").status_code == 409
    send("/sweeps/long/resume")
    wait_until(lambda: rows(own)["long"]["running"])
    (training,) = page.app.state.trainings.alive(2)
    send("/sweeps/long/cancel")
    assert "The process that trains this sweep is ending" in page.get("/sweeps/long").text
    wait_until(lambda: not page.app.state.trainings.alive(2))
    # It ended as after Ctrl-C, without waiting for its workers, and left nothing to resume.
    assert training.process.returncode == 130
    assert rows(own)["long"]["cancelled"] == 2 and rows(own)["long"]["pending"] == 0
    with open_store(str(own)) as store:
        assert store.sweep_epochs("long")


@pytest.mark.nightly
def test_a_sweep_is_extended_by_the_advice_that_was_chosen(send, page, own):
    send("/new/file", text=SMALL, do="start")
    wait_until(lambda: rows(own)["tiny"]["completed"] == 4)
    form = page.get("/sweeps/tiny/extend").text
    found = re.findall(r'name="configuration" value="(\w+)"', form)
    lines = re.findall(r"<span>(.*?)</span>", form)
    # Advice for several configurations must be told apart, so each line names the configuration that it changes.
    assert found and len(set(lines)) == len(lines) >= len(found) and "all else as in" in lines[0]
    # The answer and this page are about different configurations, and both say so.
    assert (
        "may contradict the changes" in form
        and "for the configurations with this verdict" in page.get("/sweeps/tiny/answer").text
    )
    assert send("/sweeps/tiny/extend").status_code == 422
    send("/sweeps/tiny/extend", configuration=found[0])
    assert rows(own)["tiny"]["trials"] == 6
    wait_until(lambda: rows(own)["tiny"]["completed"] + rows(own)["tiny"]["diverged"] == 6)


@pytest.mark.nightly
def test_an_error_of_the_training_is_shown(send, page, own, tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n" + "".join(f"{n},{n}\n" for n in range(40)))
    text = f"name: lost\ndata: {{source: {tmp_path}/data.csv, target: b}}\ntraining: {{epochs: 100000}}\n"
    send("/new/file", text=text, do="start")
    wait_until(lambda: rows(own)["lost"]["running"])
    send("/sweeps/lost/pause")
    wait_until(lambda: not page.app.state.trainings.alive(2))
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    send("/sweeps/lost/resume")
    wait_until(lambda: page.app.state.trainings.failure(2))
    assert "ended with an error" in page.get("/sweeps/lost").text
