import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.places import Places
from fitgap.runner.spec.yaml_text import read_yaml


def read(text):
    return read_yaml(text, Places("sweep.yaml"))


def test_scalars_of_yaml_1_2():
    assert read("[1, 0o17, 010, 0x1F, 1e-3, 1.5, .inf, true, yes, ~, null, a]") == [
        *(1, 15, 10, 31, 0.001, 1.5, float("inf"), True, "yes", None, None, "a")
    ]


def test_what_others_take_for_dates_is_text():
    assert read("[1024-12-14, 64-32-16, 2024-01-01, 9999-99-99]") == [
        "1024-12-14",
        "64-32-16",
        "2024-01-01",
        "9999-99-99",
    ]


def test_numbers_too_large_to_use():
    assert read(f"[{'9' * 30}, {'9' * 400}, 0x{'f' * 9000}]") == [float("9" * 30), float("inf"), float("inf")]
    assert read(f"[{'9' * 5000}]") == ["9" * 5000]


def test_every_part_is_marked():
    places = Places("sweep.yaml")
    read_yaml("a:\n  - x: 1\n    y: [2, 3]\n", places)
    assert places.marks == {
        (): (1, 1),
        ("a",): (1, 1),
        ("a", 0): (2, 5),
        ("a", 0, "x"): (2, 5),
        ("a", 0, "y"): (3, 5),
        ("a", 0, "y", 0): (3, 9),
        ("a", 0, "y", 1): (3, 12),
    }


def test_aliases_are_read_and_may_be_named_again():
    assert read("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n") == {"a": [1, 2], "b": [1, 2], "c": 3, "d": 3}


@pytest.mark.parametrize(
    "text", ["!!set {a}", "!!binary aGk=", "!mine x", "!!map [a]", "!!seq x", "a: !!python/name:os.system"]
)
def test_tags_are_refused(text):
    with pytest.raises(SpecError, match="has the tag"):
        read(text)


@pytest.mark.parametrize("text", ["{~: 1}", "{true: 1}", "{[a]: 1}", "{1.5: 1}"])
def test_keys_are_text(text):
    with pytest.raises(SpecError, match="a key must be text"):
        read(text)


@pytest.mark.parametrize(
    "text", ['"\\UFFFFFFFF"', "%YAML 9.9\n---\na", "%TAG ! x\n%TAG ! x\n---\na", "\ud800", "'", "@a"]
)
def test_broken_text(text):
    with pytest.raises(SpecError, match="this is not valid YAML"):
        read(text)
