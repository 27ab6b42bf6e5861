"""Situations: a user's program that trains sweeps in its own process, and how it is started."""

from dataclasses import dataclass

FILE, FLAG, INPUT, CELL = "script.py", "-c", "-", "cell"
LOCAL, AUTO, RAY = "local", "auto", "ray"

ONCE = """
with watched():
    train("one")
"""
# Trains all of NAMES in threads; an error in a thread is an error of the program.
THREADS = """
import threading
errors = []
def work(name):
    try:
        train(name)
    except BaseException as error:
        errors.append(repr(error))
with watched():
    threads = [threading.Thread(target=work, args=(name,)) for name in NAMES]
    [each.start() for each in threads]
    [each.join() for each in threads]
assert not errors, errors
"""
OWN_RAY = """
import os, ray
ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR", log_to_driver=False,
         _temp_dir=os.environ["STAGE"] + "/own-ray")
@ray.remote
class Counter:
    count = 0
    def add(self):
        self.count += 1
        return self.count
counter = Counter.remote()
assert ray.get(counter.add.remote()) == 1
"""


@dataclass(frozen=True)
class Situation:
    """A user's program, how Python receives it, with which flags, and the sweeps it trains."""

    name: str
    body: str
    engines: tuple[str, ...] = (LOCAL, AUTO, RAY)
    how: str = FILE
    flags: tuple[str, ...] = ()
    trains: tuple[str, ...] = ("one",)
    # Engines tried per commit. Those on Ray are in tests/runner/frames/test_isolation.py.
    sample: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        return f"from watching import train, watched, report\n{self.body}\nreport()\n"
