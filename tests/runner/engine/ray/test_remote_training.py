"""Of our requirements, workers need only NumPy, threadpoolctl and Ray, because nodes have no others."""

import subprocess
import sys

# Makes our other requirements impossible to import.
SCRIPT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(name)

MISSING = {"alembic", "packaging", "polars", "psycopg", "rich", "ruamel", "sqlalchemy", "typer", "migrations"}
# Used where it is installed.
MISSING |= {"llvmlite"}
sys.meta_path.insert(0, Missing())
from fitgap.runner.engine.worker.examples import RepeatKey
from fitgap.runner.engine.ray import remote_training
from fitgap.runner.engine.ray import probe_child
from fitgap.runner.engine.ray import node_info
from fitgap.runner.engine.ray import stop_signals
assert isinstance(node_info.describe_node()["llvmlite"], str)
print(sorted(MISSING & {name.partition(".")[0] for name in sys.modules}))
"""


def test_a_node_needs_no_database_and_no_tables(own_folder):
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
