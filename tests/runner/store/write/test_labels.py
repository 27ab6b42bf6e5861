"""Tags, notes and names: given to the right sweeps and trials, removed again, and the same in both databases."""

import pytest
from fitgap.runner.errors import LabelError, StoreError


@pytest.fixture(autouse=True)
def sweeps(store, make_plan):
    """Two sweeps of four trials each: 1 to 4 in `one`, 5 to 8 in `two`."""
    for name in ("one", "two"):
        store.add_sweep(make_plan(2, 2, name=name))


def tags(store, *words):
    return [row["tags"] for row in store.labels(words)]


def test_a_number_is_a_trial_and_a_name_a_sweep(store):
    store.add_tags(["one"], ["baseline"])
    store.add_tags(["1"], ["odd"])
    store.add_tags(["2,3", "5"], ["far"])
    assert tags(store, "one", "two") == [["baseline"], []]
    assert tags(store, "1,2,3,4,5,6") == [["odd"], ["far"], ["far"], [], ["far"], []]
    assert [row["tags"] for row in store.sweeps()] == [["baseline"], []]


def test_tags_are_listed_by_their_characters_and_kept_once(store):
    for given in (["b", "a", "B"], ["a", "ä", " a "]):
        store.add_tags(["one"], given)
    assert tags(store, "one") == [["B", "a", "b", "ä"]]


def test_only_the_named_tags_of_the_named_are_removed(store):
    store.add_tags(["1,2"], ["a", "b"])
    assert store.remove_tags(["1"], ["a", "never"]) == 1
    assert tags(store, "1,2") == [["b"], ["a", "b"]]


def test_a_note_takes_the_place_of_the_earlier_one(store):
    for text in ("first", "  second\n"):
        store.write_note(["one"], text)
    store.write_note(["3"], "on a trial")
    assert [row["note"] for row in store.sweeps()] == ["second", None]
    assert [row["note"] for row in store.labels(["3,4"])] == ["on a trial", None]
    store.write_note(["one"], "")
    assert store.labels(["one"])[0]["note"] is None


@pytest.mark.parametrize("words", [["one", "1"], ["1", "two"]])
def test_sweeps_and_trials_are_not_mixed(words, store):
    with pytest.raises(StoreError, match="name sweeps or trials, not both"):
        store.add_tags(words, ["x"])


@pytest.mark.parametrize("words", [["three"], ["1,99"], ["one", "three"], [str(10**30)]])
def test_what_does_not_exist_is_told_and_nothing_is_tagged(words, store, ask):
    with pytest.raises(StoreError, match="there is no"):
        store.add_tags(words, ["x"])
    assert ask("SELECT count(*) FROM sweep_tag") == ask("SELECT count(*) FROM trial_tag") == [(0,)]


def test_a_refused_tag_leaves_the_others_out_too(store):
    with pytest.raises(LabelError):
        store.add_tags(["one"], ["good", "b,ad"])
    assert tags(store, "one") == [[]]


def test_a_sweep_gets_a_name_that_is_free_and_keeps_its_number(store):
    assert store.rename_sweep("one", "first") == "one"
    assert [(row["sweep"], row["name"]) for row in store.sweeps()] == [(1, "first"), (2, "two")]
    assert store.rename_sweep("1", "one") == "first"
    for name, words in (("two", "already"), ("7", "not only digits"), ("a b", "letters")):
        with pytest.raises(LabelError, match=words):
            store.rename_sweep("one", name)
    assert store.sweep("one")["id"] == 1


def test_more_trials_than_a_statement_takes_are_refused_with_the_rule(store):
    with pytest.raises(StoreError, match="10,001 trials; name at most 10,000"):
        store.add_tags([",".join(map(str, range(1, 10_002)))], ["x"])
