"""Programs of users who train sweeps in their own process, and how these are started."""

from dataclasses import dataclass

FILE, FLAG, INPUT, CELL = "script.py", "-c", "-", "cell"
LOCAL, AUTO, RAY = "local", "auto", "ray"
BEGIN = "import os, sys\nfrom watching import *\n"
ONCE = BEGIN + "with watched():\n    train('one')\nreport()\n"
TWICE = BEGIN + "with watched():\n    train('one')\n    train('two')\nreport()\n"
# Runs BODY in a thread, whose error is the program's.
THREADS = """
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
report()
assert not errors, errors
"""
OWN_RAY = """
import ray
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
    program: str
    engines: tuple[str, ...] = (LOCAL, AUTO, RAY)
    how: str = FILE
    flags: tuple[str, ...] = ()
    trains: tuple[str, ...] = ("one",)
    # Engines that are tried with every commit.
    sample: tuple[str, ...] = ()


SITUATIONS = (
    Situation("a script without a main guard", ONCE, sample=(LOCAL, AUTO)),
    Situation("-c", ONCE, how=FLAG, sample=(AUTO,)),
    Situation("a script from standard input", ONCE, how=INPUT, sample=(AUTO,)),
    Situation("a notebook's cell", ONCE, how=CELL, sample=(AUTO,)),
    Situation("two sweeps in one process", TWICE, trains=("one", "two"), sample=(AUTO, RAY)),
    Situation("one thread", f"{BEGIN}NAMES = ['one']{THREADS}", sample=(AUTO,)),
    Situation(
        "two threads", f"{BEGIN}NAMES = ['one', 'two']{THREADS}", trains=("one", "two"), sample=(LOCAL, AUTO, RAY)
    ),
    Situation(
        "a thread of the user's looks on",
        BEGIN + "looker = Looker()\nlooker.start()\nwith watched():\n    train('one')\nlooker.stop()\nreport()\n",
        sample=(AUTO, RAY),
    ),
    Situation(
        "a running event loop",
        BEGIN
        + "import asyncio\nasync def main():\n    with watched():\n        train('one')\nasyncio.run(main())\nreport()\n",
        sample=(AUTO,),
    ),
    Situation(
        "a thread of an event loop",
        BEGIN
        + "import asyncio\nasync def main():\n    await asyncio.to_thread(train, 'one')\nasyncio.run(main())\nreport()\n",
    ),
    Situation(
        "streams that are None",
        BEGIN + "sys.stdin = sys.stdout = sys.stderr = None\nwith watched():\n    train('one')\nreport()\n",
        sample=(AUTO,),
    ),
    Situation(
        "streams of a notebook",
        BEGIN + "sys.stdout = sys.stderr = Outlet()\nwith watched():\n    train('one')\nreport()\n",
        sample=(LOCAL,),
    ),
    Situation(
        "the user's own handlers of signals",
        BEGIN
        + "def mine(number, frame): raise SystemExit(5)\nfor name in ('SIGINT', 'SIGTERM', 'SIGHUP', 'SIGALRM', "
        "'SIGQUIT', 'SIGCHLD', 'SIGUSR1'):\n    signal.signal(getattr(signal, name), mine if name != 'SIGCHLD' else "
        "signal.SIG_IGN)\nwith watched():\n    train('one')\nreport()\n",
        sample=(AUTO,),
    ),
    Situation(
        "the user's own logging, warnings, and random state",
        BEGIN
        + "logging.basicConfig(level=logging.WARNING)\nlogging.getLogger('sqlalchemy').setLevel(logging.ERROR)\n"
        "logging.getLogger('mine').setLevel(7)\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\n"
        "random.seed(1)\nnp.random.seed(1)\nsys.setrecursionlimit(777)\nwith watched():\n    train('one')\nreport()\n",
        sample=(LOCAL, AUTO),
    ),
    Situation(
        "the user's own Ray",
        BEGIN + OWN_RAY + "with watched():\n    train('one')\nassert ray.get(counter.add.remote()) == 2\nray.shutdown()\n"
        "report()\n",
        sample=(LOCAL, RAY),
    ),
    Situation(
        "the user's own Ray before and after",
        BEGIN + OWN_RAY + "ray.shutdown()\ntrain('one')\n" + OWN_RAY + "ray.shutdown()\nreport()\n",
        engines=(AUTO, RAY),
    ),
    Situation(
        "a child with its own Ray",
        BEGIN + "import subprocess\nCODE = '''import os, sys\n" + OWN_RAY + "print('ready', flush=True)\n"
        "sys.stdin.readline()\nassert ray.get(counter.add.remote()) == 2\nray.shutdown()\n'''\n"
        "child = subprocess.Popen([sys.executable, '-c', CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
        "assert child.stdout.readline() == 'ready\\n'\nwith watched():\n    train('one')\n"
        "child.communicate('go on\\n')\nassert child.returncode == 0\nreport()\n",
        sample=(RAY,),
    ),
    Situation(
        "interrupted, then once more",
        BEGIN
        + "with watched():\n    timer = threading.Timer(1.5, signal.raise_signal, (signal.SIGINT,))\n    timer.start()\n"
        "    try:\n        train('one')\n    except KeyboardInterrupt:\n        pass\n    timer.cancel()\n    timer.join()\n"
        "    train('two')\nreport()\n",
        trains=("two",),
        sample=(AUTO,),
    ),
    Situation(
        "a bad sweep, then a good one",
        BEGIN
        + "with watched():\n    try:\n        train('one', name='')\n    except Exception as error:\n"
        "        assert 'Fitgap' in str(type(error).__mro__)\n    train('one')\nreport()\n",
    ),
    Situation(
        "a process of multiprocessing",
        BEGIN
        + "import multiprocessing\nif __name__ == '__main__':\n    with watched():\n"
        "        one = multiprocessing.get_context('fork').Process(target=train, args=('one',), daemon=True)\n"
        "        one.start()\n        one.join()\n    assert one.exitcode == 0\n    report()\n",
        sample=(AUTO,),
    ),
    Situation(
        "a worker of a pool",
        BEGIN
        + "from concurrent.futures import ProcessPoolExecutor\nif __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(1) as pool:\n        error = pool.submit(train_quietly, 'one').exception()\n"
        "    assert error is None, error\n    report()\n",
    ),
    Situation("warnings are errors", ONCE, flags=("-W", "error"), sample=(AUTO,)),
    Situation("development mode", ONCE, flags=("-X", "dev", "-W", "error::ResourceWarning")),
    Situation("without assertions", ONCE, flags=("-OO",)),
    Situation("a traced program", BEGIN + "sys.settrace(lambda *_: None)\n" + ONCE, engines=(LOCAL, AUTO)),
    Situation(
        "another folder, then a relative path",
        BEGIN
        + "os.mkdir('elsewhere')\nos.chdir('elsewhere')\nwith watched():\n    train('one', db='../fitgap.db')\nreport()\n",
        sample=(AUTO,),
    ),
    Situation(
        "a chdir while it trains",
        BEGIN
        + "threading.Timer(1.0, os.chdir, (os.environ['HOME'],)).start()\ntrain('one', db='fitgap.db')\n"
        "assert os.getcwd() == os.environ['HOME']\nreport()\n",
        sample=(AUTO, RAY),
    ),
)
