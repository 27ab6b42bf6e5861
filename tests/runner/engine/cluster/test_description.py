"""Descriptions of clusters: how many packs they train, their smallest cache, and what is said of their nodes."""

from support.engine.made_clusters import cluster, node


def test_workers_are_cores_by_pack_on_every_node():
    nodes = (node(cores=7), node(cores=4), node(cores=1))
    assert cluster(*nodes).workers == 12
    assert cluster(*nodes, cores_per_pack=2).workers == 3 + 2 + 0


def test_the_smallest_cache_that_is_told_counts():
    assert cluster(node(cache_bytes=2 << 20), node(cache_bytes=0), node(cache_bytes=1 << 19)).cache_bytes == 1 << 19
    assert cluster(node(cache_bytes=0)).cache_bytes is None


def test_nodes_without_a_compiler_are_named():
    found = cluster(node("b", llvmlite=""), node("a", llvmlite=""), node("c"))
    assert found.without_compiler == ["a", "b"]
    assert found.described().count("no llvmlite") == 1
    assert found.described().startswith("1 node: ")


def test_what_computes_is_told_once_for_equal_nodes():
    here = node()
    assert cluster(here, here, node(numpy="2.0.1", blas="")).described() == (
        f"1 node: Python {here.python}, NumPy 2.0.1, BLAS unknown; "
        f"2 nodes: Python {here.python}, NumPy {here.numpy}, openblas 0.3 Zen"
    )
