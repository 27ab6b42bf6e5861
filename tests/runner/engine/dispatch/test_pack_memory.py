"""Memory of packs and blocks: bounds that grow with their content, and a budget for all waiting blocks."""

import pytest
from fitgap.runner.engine.dispatch import pack_memory


def test_a_pack_asks_for_more_the_larger_it_is_in_whole_steps(make_task):
    sizes = [pack_memory.pack_bytes(make_task(hidden, members)) for hidden, members in ((4, 2), (512, 2), (2048, 40))]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    assert all(size % pack_memory.STEP_BYTES == 0 and size > pack_memory.PROCESS_BYTES for size in sizes)


def test_a_block_is_no_smaller_than_its_rows_and_states(make_task):
    task = make_task(64, members=10, epochs=100)
    rows, states = 10 * 100 * 10 * 8, 10 * 3 * 4 * (4 * 64 + 64 + 64 * 3 + 3)
    assert pack_memory.block_bytes(task) >= rows + states


@pytest.mark.parametrize("packs", [1, 10, 100, 10_000])
def test_all_waiting_blocks_stay_within_the_budget_as_long_as_each_pack_may_have_one(packs, make_task):
    task = make_task(64, members=40, epochs=100)
    waiting = pack_memory.most_waiting_blocks(task, packs)
    assert 1 <= waiting <= pack_memory.MOST_WAITING_BLOCKS
    assert waiting == 1 or waiting * packs * pack_memory.block_bytes(task) <= pack_memory.WAITING_BYTES


def test_few_small_packs_may_be_far_ahead(make_task):
    assert pack_memory.most_waiting_blocks(make_task(), 2) == pack_memory.MOST_WAITING_BLOCKS
