"""The environment of BLAS: one thread, and wide kernels only where the processor has what they need."""

import os
import subprocess
import sys

import pytest

from runner.blas import NEEDED_INSTRUCTIONS, has_wide_vectors

TELL = """
import os
from runner.blas import prepare_blas
{before}
prepare_blas()
print(os.environ["OMP_NUM_THREADS"], os.environ.get("OPENBLAS_CORETYPE"))
"""


@pytest.mark.parametrize(
    ("vendor", "missing", "wide"),
    [("AuthenticAMD", None, True), ("AuthenticAMD", "avx512vl", False), ("GenuineIntel", None, False)],
)
def test_only_amd_with_every_needed_instruction_gets_wide_kernels(vendor, missing, wide, tmp_path):
    """OpenBLAS knows the others by itself."""
    flags = " ".join(sorted(NEEDED_INSTRUCTIONS - {missing}))
    (tmp_path / "cpuinfo").write_text(
        f"processor : 0\nvendor_id\t: {vendor}\nflags\t\t: fpu {flags} sse\n\nprocessor : 1\n"
    )
    assert has_wide_vectors(tmp_path / "cpuinfo") is wide


def test_a_system_that_tells_nothing_gets_none(tmp_path):
    assert not has_wide_vectors(tmp_path / "nothing")


@pytest.mark.parametrize("before", ["", "import numpy"])
def test_what_the_user_says_and_what_numpy_has_chosen_stays(before):
    """Processes started from one that has loaded NumPy must compute with its kernels."""
    told = {**os.environ, "OMP_NUM_THREADS": "7", "OPENBLAS_CORETYPE": "Haswell"}
    assert tell(before, told) == ["1", "Haswell"]
    untold = {name: value for name, value in told.items() if name != "OPENBLAS_CORETYPE"}
    assert tell("import numpy", untold) == ["1", "None"]


def tell(before, environment):
    done = subprocess.run(
        [sys.executable, "-c", TELL.format(before=before)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()
