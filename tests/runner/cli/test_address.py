"""`--address` and related options: invalid values give one line and exit code 2, and nothing is written."""

import pytest


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--address", "10.0.0.1"), "--address '10.0.0.1': expected HOST:PORT"),
        (("--address", "ray://10.0.0.1:10001"), "Ray Client is not supported"),
        (("--address", "127.0.0.1:1"), "--address 127.0.0.1:1: nothing answers there"),
        (("--address", "127.0.0.1:1", "--engine", "ray"), "nothing answers there"),
        (("--address", "127.0.0.1:1", "--engine", "local"), "the engine local trains in this process"),
        (("--cpus-per-pack", "2"), "cpus-per-pack applies to a cluster only; add its address"),
        (("--max-in-flight", "9", "--engine", "ray"), "max-in-flight applies to a cluster only; add its address"),
        (("--mixed-versions",), "mixed-versions applies to a cluster only; add its address"),
    ],
)
def test_what_cannot_be_is_told_in_a_line_before_anything_is_written(flags, told, invoke, own_folder):
    answer = invoke("run", "--data", "iris", *flags)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err and answer.err.startswith("fitgap: ") and answer.err.count("\n") == 1
    assert list(own_folder.iterdir()) == []


@pytest.mark.parametrize("verb", ["resume", "extend", "retry"])
def test_the_commands_that_go_on_take_it_too(verb, invoke, own_folder):
    answer = invoke(verb, "small", "--address", "127.0.0.1:1")
    assert answer.code == 2 and "nothing answers there" in answer.err
    assert list(own_folder.iterdir()) == []
