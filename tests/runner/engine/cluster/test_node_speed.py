"""Speeds of nodes are compared only for equal networks, and only once enough blocks are known."""

from fitgap.runner.engine.cluster.node_speed import LEAST_BLOCKS, NodeSpeeds


def paces_of(blocks, make_task, make_block):
    paces = NodeSpeeds()
    for node, hidden, seconds, times in blocks:
        for _ in range(times):
            paces.add(make_task(hidden), make_block(node), seconds)
    return paces.slow_nodes()


def test_a_node_at_less_than_half_the_median_is_slow(make_task, make_block):
    blocks = [(name, 4, seconds, LEAST_BLOCKS) for name, seconds in (("a", 1.0), ("b", 1.1), ("c", 0.9), ("d", 2.5))]
    slow = paces_of(blocks, make_task, make_block)
    assert list(slow) == ["d"] and 0.3 < slow["d"] < 0.5


def test_no_node_is_slow_before_enough_is_known(make_task, make_block):
    few = [("a", 4, 1.0, LEAST_BLOCKS), ("b", 4, 1.0, LEAST_BLOCKS), ("c", 4, 9.0, LEAST_BLOCKS - 1)]
    assert paces_of(few, make_task, make_block) == {}
    assert paces_of([("a", 4, 9.0, LEAST_BLOCKS)], make_task, make_block) == {}


def test_networks_of_other_layers_are_not_compared(make_task, make_block):
    """A row of the smaller one is far less work, but every call has a fixed cost."""
    blocks = [("a", 4, 1.0, LEAST_BLOCKS), ("b", 4, 1.0, LEAST_BLOCKS), ("c", 64, 1.0, LEAST_BLOCKS)]
    assert paces_of(blocks, make_task, make_block) == {}


def test_blocks_without_node_or_rows_count_for_nothing(make_task, make_block):
    paces = NodeSpeeds()
    paces.add(make_task(), make_block(None), 1.0)
    paces.add(make_task(), make_block("a"), 0.0)
    assert not paces.tallies
