"""Closed standard descriptors are opened on /dev/null, so that nothing else ever gets their numbers."""

import itertools
import subprocess
import sys
from ast import literal_eval

import pytest

# Prints, on another descriptor, what the three standard ones refer to, and the number that the next file gets.
SHOW = """
import os, sys
if sys.argv[1] == "prepare":
    from fitgap.runner.streams import prepare_streams
    prepare_streams()
answer = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
opened = os.open("/", os.O_RDONLY)
inherited = [os.get_inheritable(number) for number in range(3)]
streams = [stream is not None for stream in (sys.stdin, sys.stdout, sys.stderr)]
print("lost", flush=True)
print("lost", file=sys.stderr)
os.write(9, repr((answer, opened, inherited, streams, sys.stdin.read())).encode())
"""
COMBINATIONS = [closed for count in (1, 2, 3) for closed in itertools.combinations(range(3), count)]


@pytest.mark.parametrize("closed", COMBINATIONS, ids=lambda closed: "".join(map(str, closed)))
def test_every_combination_of_closed_streams_is_opened(closed, own_folder):
    (own_folder / "show.py").write_text(SHOW)
    closing = " ".join({0: "0<&-", 1: "1>&-", 2: "2>&-"}[number] for number in closed)
    line = f'exec 9>answer; exec {closing}; exec "$0" show.py prepare'
    done = subprocess.run(["sh", "-c", line, sys.executable], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, done.stderr
    places, opened, inherited, streams, read = literal_eval((own_folder / "answer").read_text())
    assert all(places[number] == "/dev/null" for number in closed)
    assert opened > 2 and opened != 9
    assert inherited == [True] * 3 and streams == [True] * 3 and read == ""
