"""Pages of configurations: the number of configurations on all pages together."""

import pytest
import sqlalchemy as sa
from fitgap.runner.store import ConfigurationQuery
from fitgap.runner.store.compare import configuration_pages
from fitgap.runner.store.database.connection import connect, database_url

BY = ("activation", "architecture")


@pytest.fixture(params=[0, 1_000], ids=["many", "few"])
def few(request, monkeypatch):
    """Whether the sweeps count as having many configurations, or few."""
    monkeypatch.setattr(configuration_pages, "FEW", request.param)


def test_configurations_without_trials_are_not_counted(few, store, database, make_plan, make_configuration):
    """The first sweep's last configuration comes after those of the second, as if the first had been extended."""
    configurations = [make_configuration(number) for number in (1, 2, 3)]
    sweep, other = (store.add_sweep(make_plan(configurations, repeats=2, name=name))[0] for name in ("one", "two"))

    def found(number):
        return store.configuration_page(number, BY, ConfigurationQuery()).found

    assert (found(sweep), found(other)) == (3, 3)
    engine = connect(database_url(database), read_only=False)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM trial WHERE configuration_id IN (2, 5)"))
        connection.execute(sa.text("UPDATE configuration SET sweep_id = 1, hash = 'added' WHERE id = 6"))
        connection.execute(sa.text("UPDATE trial SET sweep_id = 1 WHERE configuration_id = 6"))
    engine.dispose()
    assert (found(sweep), found(other)) == (3, 1)
