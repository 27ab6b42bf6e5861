"""Sweeps store exactly the same numbers as with version 0.1.0, to the last bit, with every engine."""

import functools
import math
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.golden.stored_numbers import stored_numbers
from support.sampling import at_night

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("golden")

FOLDER = Path(__file__).parent
# The files were recorded with this version and these CPU instructions; other versions of NumPy compute exp, tanh and
# products in another order.
NUMPY = "2.4."
INSTRUCTIONS = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}
ALONE = INSTRUCTIONS | {"OPENBLAS_NUM_THREADS": "1"}
# Tolerance for E_t and E_v elsewhere; the sweep "numbers" trains in double precision.
TOLERANCE = {"classes": 1e-3, "numbers": 1e-9, "diverging": 1e-3}
# Runs several commands in one process, which must be started with these CPU instructions.
COMMANDS = """
import sys
from fitgap.runner.cli.main import command, exit_code_of
engine, *files = sys.argv[1:]
for file, database in zip(files[::2], files[1::2], strict=True):
    sys.argv = ["fitgap", "run", file, "--db", database, "--engine", engine]
    assert not exit_code_of(command)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """`trained(engine)`: a folder with a database for each sweep, trained with this engine."""

    @functools.cache
    def train(engine):
        folder = tmp_path_factory.mktemp("golden")
        files = [word for sweep in sorted(TOLERANCE) for word in (FOLDER / f"{sweep}.yaml", folder / f"{sweep}.db")]
        subprocess.run(
            [sys.executable, "-c", COMMANDS, engine, *files],
            check=True,
            capture_output=True,
            env=os.environ | INSTRUCTIONS,
            timeout=900,
        )
        return folder

    return train


@pytest.mark.parametrize(
    ("sweep", "engine"),
    [
        *((sweep, "local") for sweep in sorted(TOLERANCE)),
        # Other processes and Ray workers train with the same functions; per commit, tests of these engines compare them
        # with `local`, bit for bit.
        *(at_night(sweep, "auto") for sweep in ("classes", "diverging", "numbers")),
        *(at_night(sweep, "ray") for sweep in sorted(TOLERANCE)),
    ],
)
def test_a_sweep_stores_the_same_numbers_as_version_0_1_0(sweep, engine, trained):
    database = trained(engine) / f"{sweep}.db"
    now, then = stored_numbers(database), (FOLDER / f"{sweep}.txt").read_text(encoding="utf-8").splitlines()
    if np.__version__.startswith(NUMPY) and platform.machine() == "x86_64":
        assert now == then
    else:
        assert len(now) == len(then)
        assert all(map(lambda one, other: near(one, other, TOLERANCE[sweep]), now, then))


def near(one: str, other: str, tolerance: float) -> bool:
    """Whether two lines describe the same trial with nearly the same errors. The digests at their ends may differ."""
    (*trial, e_t, e_v), (*other_trial, other_e_t, other_e_v) = one.split()[:7], other.split()[:7]
    same = trial[:3] == other_trial[:3]
    if trial[2] != "completed":
        return same
    return same and all(
        math.isclose(float.fromhex(mine), float.fromhex(theirs), rel_tol=tolerance)
        for mine, theirs in ((e_t, other_e_t), (e_v, other_e_v))
    )


@pytest.mark.parametrize("packs", [slice(60), at_night(slice(60, None))], ids=["some", "rest"])
def test_random_packs_train_to_the_same_bytes(packs):
    """All numbers of every epoch; on other machines, only that the packs are those in the file."""
    program = FOLDER.parent / "support" / "golden" / "random_packs.py"
    expected = (FOLDER / "packs.txt").read_text(encoding="utf-8").splitlines()[packs]
    numbers = [line.split()[0] for line in expected]
    command = [sys.executable, program, numbers[0], numbers[-1]]
    made = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ALONE)
    now = made.stdout.splitlines()
    if np.__version__.startswith(NUMPY) and platform.machine() == "x86_64":
        assert now == expected
    else:
        assert [line.split()[:3] for line in now] == [line.split()[:3] for line in expected]
