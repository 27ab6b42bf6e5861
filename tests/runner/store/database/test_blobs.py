"""Arrays come back bit for bit, and are refused before they take far more memory than their compressed size."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.blobs import packed, unpacked, unpacked_parameters
from support.sampling import per_commit

MOST_MEGABYTES = 100.0
READER = """
import sys
from pathlib import Path
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.blobs import unpacked

def most_megabytes():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024

content, before = sys.stdin.buffer.read(), most_megabytes()
try:
    unpacked(content)
except StoreError as error:
    print(most_megabytes() - before, error)
"""


def compressed_zeros(count, kind="float32"):
    content = io.BytesIO()
    np.savez_compressed(content, parameters=np.zeros(count, kind))
    return content.getvalue()


def entry(heading, body=b"", name="parameters.npy"):
    told = str(heading).encode().ljust(117) + b"\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\x93NUMPY\x01\x00" + len(told).to_bytes(2, "little") + told + body)
    return content.getvalue()


def heading(kind, shape):
    return {"descr": kind, "fortran_order": False, "shape": shape}


def test_arrays_come_back_as_they_were():
    arrays = {
        "parameters": np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32),
        "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        **{"one": np.array(7), "none": np.zeros((0, 4)), "text": np.array(["ä", "b"]), "truth": np.array([True])},
    }
    found = unpacked(packed(arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)


def test_a_large_array_that_hardly_shrinks_is_read():
    numbers = np.random.default_rng(1).normal(size=10**6)
    assert np.array_equal(unpacked(packed({"a": numbers}))["a"], numbers)


def test_a_small_array_of_zeros_is_read():
    assert not unpacked(compressed_zeros(10**6))["parameters"].any()


BOMBS = {
    "zeros": lambda: compressed_zeros(60_000_000),
    "promises": lambda: entry(heading("<f4", (10**9,)), bytes(64)),
    "nothings": lambda: entry(heading("<U0", (10**10,))),
    "long items": lambda: entry(heading("|S2000000000", (1,))),
    "two of a name": lambda: entry(heading("|u1", (3 * 10**8,)), bytes(3 * 10**8), "parameters"),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", per_commit(["zeros", "promises"], BOMBS))
def test_what_would_take_far_more_memory_is_refused_before_it_does(name):
    command = [sys.executable, "-c", READER]
    told = subprocess.run(command, input=BOMBS[name](), capture_output=True, check=True, timeout=300).stdout.decode()
    megabytes, _, message = told.partition(" ")
    assert float(megabytes) < MOST_MEGABYTES
    assert message.startswith("arrays in the database ") and "backup" in message and message.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"no archive",
        bytes(100),
        entry(heading("|O", (1,)), b"x"),
        entry("nonsense"),
        entry({"descr": "<f4"}),
    ],
)
def test_what_holds_no_plain_arrays_is_refused_in_one_line(content):
    with pytest.raises(StoreError, match=r"^arrays in the database cannot be read: [^\n]+; restore a backup$"):
        unpacked(content)


@pytest.mark.parametrize(
    "arrays",
    [{}, {"other": np.zeros(3)}, {"parameters": np.zeros((3, 3))}, {"parameters": np.array(["a"])}],
    ids=["nothing", "other", "table", "text"],
)
def test_a_network_without_parameters_is_refused_in_one_line(arrays):
    with pytest.raises(StoreError, match=r"has no parameters; the database is damaged, so restore a backup"):
        unpacked_parameters(packed(arrays))


def test_the_parameters_of_a_network_come_back():
    assert unpacked_parameters(packed({"parameters": np.arange(3.0)})).tolist() == [0, 1, 2]
