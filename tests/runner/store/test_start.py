"""Database queries do not load the modules that plan and train sweeps."""

import subprocess
import sys

ASK = """
import sys
from fitgap.runner.store import open_store
with open_store(sys.argv[1]) as store:
    assert store.sweeps()
print(*(name for name in ("fitgap.runner.spec", "fitgap.runner.planning", "fitgap.runner.data") if name in sys.modules))
"""


def test_what_reads_sweep_files_and_data_is_not_loaded(trained_database):
    answer = subprocess.run([sys.executable, "-c", ASK, trained_database], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
