"""An open transaction on PostgreSQL prevents dead rows from being vacuumed: claims do not become slower."""

import contextlib
import time

import psycopg
import pytest
from fitgap.runner.store import open_store_for_writing
from support.databases.new_databases import PostgresDatabases
from support.databases.plain_plans import IDENTITY, plain_plan

CLAIMS = 50_000
SLOWER = 2.0


class Claimer:
    """A driver that claims the trials of a database one by one; each claim leaves dead rows."""

    def __init__(self, address, stack):
        store = stack.enter_context(open_store_for_writing(address))
        store.add_sweep(plain_plan(CLAIMS))
        self.driver = store.begin_driver(IDENTITY)
        self.seconds = []

    def claim(self, trial):
        began = time.monotonic()
        assert self.driver.claim([trial]) == {trial}
        self.seconds.append(time.monotonic() - began)

    @property
    def slowest_of_a_hundred(self):
        """The 99th percentile of the later claims, when most dead rows have piled up."""
        late = sorted(self.seconds[CLAIMS // 2 :])
        return late[len(late) * 99 // 100]


@pytest.mark.nightly
def test_claims_take_no_longer_while_dead_rows_pile_up(postgres, postgres_template):
    """Claims alternate with claims in a database without dead rows, so that other load on the machine slows both."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(contextlib.closing(PostgresDatabases(postgres, postgres_template)))
        held_address = made.make()
        usual, held = Claimer(made.make(), stack), Claimer(held_address, stack)
        holder = stack.enter_context(psycopg.connect(held_address))
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        ((number_before,),) = holder.execute("SELECT count(*) FROM trial WHERE attempt = 0")
        for trial in range(1, CLAIMS + 1):
            usual.claim(trial)
            held.claim(trial)
        ((number_after,),) = holder.execute("SELECT count(*) FROM trial WHERE attempt = 0")
    # The snapshot has been held all the time.
    assert number_before == number_after == CLAIMS
    times = [each.slowest_of_a_hundred * 1e3 for each in (usual, held)]
    print(f"{CLAIMS} claims: 99 of 100 within {times[0]:.1f} ms, while a snapshot is held within {times[1]:.1f} ms")
    assert times[1] <= SLOWER * times[0]
