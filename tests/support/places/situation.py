"""What a situation is: a program of a user who trains sweeps in their own process, and how it is started."""

from dataclasses import dataclass

FILE, FLAG, INPUT, CELL = "script.py", "-c", "-", "cell"
LOCAL, AUTO, RAY = "local", "auto", "ray"

ONCE = """
with watched():
    train("one")
"""
# NAMES are trained in threads, whose errors are the program's.
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
    """A user's program, how Python gets it, with which flags, and the sweeps that it trains."""

    name: str
    body: str
    engines: tuple[str, ...] = (LOCAL, AUTO, RAY)
    how: str = FILE
    flags: tuple[str, ...] = ()
    trains: tuple[str, ...] = ("one",)
    # Engines that are tried with every commit. Those of Ray are in tests/runner/frames/test_isolation.py.
    sample: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        return f"from watching import train, watched, report\n{self.body}\nreport()\n"
