"""`fitgap ui` in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("fitgap"))


class Site:
    """A running page: its address, its database and its process."""

    def __init__(self, folder, *options):
        self.database = folder / "site.db"
        environment = {key: value for key, value in os.environ.items() if key != "FITGAP_DB"}
        self.process = subprocess.Popen(
            [COMMAND, "ui", "--no-browser", "--port", "0", "--db", str(self.database), *options],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            cwd=folder,
        )
        line = self.process.stderr.readline()
        self.address = re.search(r"http://\S+/", line).group()

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stderr.close()
