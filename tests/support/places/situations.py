"""Users' programs that train sweeps in their own process."""

from support.places.situation import AUTO, CELL, FLAG, INPUT, LOCAL, ONCE, OWN_RAY, RAY, THREADS, Situation

SITUATIONS = (
    Situation("a script without a main guard", ONCE, sample=(AUTO,)),
    Situation("-c", ONCE, how=FLAG),
    Situation("a script from standard input", ONCE, how=INPUT),
    Situation("a notebook's cell", ONCE, how=CELL),
    Situation(
        "two sweeps in one process",
        """
with watched():
    train("one")
    train("two")
""",
        trains=("one", "two"),
    ),
    Situation("one thread", f'NAMES = ["one"]{THREADS}'),
    Situation("two threads", f'NAMES = ["one", "two"]{THREADS}', trains=("one", "two")),
    Situation(
        "a thread of the user's looks on",
        """
from fitgap import run_sweep
from watching import Looker
looker = Looker()
looker.start()
with watched():
    train("one")
looker.stop()
""",
    ),
    Situation(
        "a running event loop",
        """
import asyncio
async def main():
    with watched():
        train("one")
asyncio.run(main())
""",
    ),
    Situation(
        "a thread of an event loop",
        """
import asyncio
async def main():
    await asyncio.to_thread(train, "one")
asyncio.run(main())
""",
    ),
    Situation(
        "streams that are None",
        """
import sys
sys.stdin = sys.stdout = sys.stderr = None
with watched():
    train("one")
""",
        sample=(LOCAL,),
    ),
    Situation(
        "streams of a notebook",
        """
import sys
from watching import Outlet
sys.stdout = sys.stderr = Outlet()
with watched():
    train("one")
""",
    ),
    Situation(
        "the user's own handlers of signals",
        """
import signal
def mine(number, frame):
    raise SystemExit(5)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGQUIT", "SIGUSR1"):
    signal.signal(getattr(signal, name), mine)
with watched():
    train("one")
""",
        sample=(LOCAL,),
    ),
    Situation(
        "children that nobody waits for",
        """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with watched():
    train("one")
""",
    ),
    Situation(
        "the user's own logging, warnings, and random state",
        """
import logging, random, sys, warnings
import numpy as np
logging.basicConfig(level=logging.WARNING)
logging.getLogger("sqlalchemy").setLevel(logging.ERROR)
logging.getLogger("mine").setLevel(7)
warnings.simplefilter("error")
np.seterr(all="raise")
random.seed(1)
np.random.seed(1)
with watched():
    train("one")
""",
        sample=(LOCAL,),
    ),
    Situation(
        "the user's own Ray",
        f"""
{OWN_RAY}
with watched():
    train("one")
assert ray.get(counter.add.remote()) == 2
ray.shutdown()
""",
    ),
    Situation(
        "the user's own Ray before and after",
        f"""
{OWN_RAY}
ray.shutdown()
train("one")
{OWN_RAY}
ray.shutdown()
""",
        engines=(AUTO, RAY),
    ),
    Situation(
        "a child with its own Ray",
        f"""
import subprocess, sys
CHILD = '''
{OWN_RAY}
print("ready", flush=True)
input()
assert ray.get(counter.add.remote()) == 2
ray.shutdown()
'''
child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
assert child.stdout.readline() == "ready\\n"
with watched():
    train("one")
child.communicate("go on\\n")
assert child.returncode == 0
""",
    ),
    Situation(
        "interrupted, then once more",
        """
import signal, threading
with watched():
    timer = threading.Timer(1.5, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        train("one")
    except KeyboardInterrupt:
        pass
    timer.cancel()
    timer.join()
    train("two")
""",
        trains=("two",),
    ),
    Situation(
        "a bad sweep, then a good one",
        """
with watched():
    try:
        train("one", db="/nonexistent/fitgap.db")
    except Exception as error:
        assert "FitgapError" in str(type(error).__mro__), repr(error)
    train("one")
""",
    ),
    Situation(
        "a process of multiprocessing",
        """
import multiprocessing
if __name__ == "__main__":
    with watched():
        one = multiprocessing.get_context("fork").Process(target=train, args=("one",), daemon=True)
        one.start()
        one.join()
        code = one.exitcode
        one.close()
    assert code == 0
""",
        sample=(AUTO,),
    ),
    Situation(
        "a worker of a pool",
        """
from concurrent.futures import ProcessPoolExecutor
from watching import train_quietly
if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        error = pool.submit(train_quietly, "one").exception()
    assert error is None, error
""",
    ),
    Situation("warnings are errors", ONCE, flags=("-W", "error"), sample=(LOCAL,)),
    Situation("development mode", ONCE, flags=("-X", "dev", "-W", "error::ResourceWarning")),
    Situation("without assertions", ONCE, flags=("-OO",)),
    Situation("a traced program", f"import sys\nsys.settrace(lambda *_: None)\n{ONCE}", engines=(LOCAL, AUTO)),
    Situation(
        "another folder, then a relative path",
        """
import os
os.mkdir("elsewhere")
os.chdir("elsewhere")
with watched():
    train("one", db="../fitgap.db")
""",
    ),
    Situation(
        "a chdir while it trains",
        """
import os, threading
threading.Timer(0.7, os.chdir, (os.environ["HOME"],)).start()
train("one", db="fitgap.db")
""",
        sample=(AUTO,),
    ),
)
