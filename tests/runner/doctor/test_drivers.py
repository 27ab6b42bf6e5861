"""The doctor reports how many drivers a sweep would have with this database."""

from fitgap.runner.doctor import State, drivers


def findings(database, cores, monkeypatch):
    monkeypatch.setattr(drivers, "usable_cores", lambda: cores)
    return [(each.state, each.found) for each in drivers.check_drivers(database)]


def test_sqlite_has_one_and_a_server_one_for_every_175_workers(monkeypatch):
    ((state, line),) = findings("results.db", 500, monkeypatch)
    assert state is State.OK
    assert line == "one for every sweep: SQLite accepts only one writer at a time, so further drivers would only wait"
    for cores, told in ((1, "1 for the 1 core"), (500, "3 for the 500 cores")):
        ((state, line),) = findings("postgresql://me@database/results", cores, monkeypatch)
        assert (state, line) == (State.OK, f"{told} of this machine; on a cluster one for every 175 workers")
    assert findings("mysql://a/b", 1, monkeypatch) == []
