"""docs/how-to/python.md: its examples run as they are, one after another, and give the promised results."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DIGITS = "{data: iris, training: {epochs: 2}, axes: {architecture: [4]}}"


def test_the_examples_run(tmp_path):
    text = (ROOT / "docs" / "how-to" / "python.md").read_text()
    blocks = re.findall("```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 6
    (tmp_path / "digits.yaml").write_text(DIGITS)
    first, second, *rest = blocks
    # The first example opens a database that only the second one creates.
    script = "\n".join([first.replace("store = open_store()", ""), second, "store = open_store()", *rest])
    script += "\nassert deletion.trials == 1 and completed.height == 8 and mean_curves.height == 2 * 20\n"
    (tmp_path / "examples.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-W", "error", "examples.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "did you mean 'first-try'" in done.stdout
