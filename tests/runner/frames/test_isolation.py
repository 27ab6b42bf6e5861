"""Sweeps run from a user's Python program change nothing in the program, and its own Ray keeps running."""

import json
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from support.sampling import at_night

# The state that a program can see of itself. It runs in its own process, since pytest has changed some of the state.
PRELUDE = """
import json, logging, os, random, signal, sys, threading, warnings
BEFORE_IMPORTS = dict(os.environ)
import numpy as np
from fitgap import resume_sweep, run_sweep
assert dict(os.environ) == BEFORE_IMPORTS, "an import has changed the environment"

SWEEP = {"data": "iris", "repeats": 2, "training": {"epochs": 3}, "axes": {"architecture": [4, "8-4"]}}

def visible():
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "handlers": {str(each): signal.getsignal(each) for each in signal.valid_signals()},
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, []),
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "warnings": list(warnings.filters),
        "random": (random.getstate(), repr(np.random.get_state())),
        "errors of numpy": np.geterr(),
        "path": list(sys.path),
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook),
        "umask": os.umask(os.umask(0o22) or 0o22),
        "threads": sorted(each.name for each in threading.enumerate()),
        "files": sorted(os.listdir("/proc/self/fd")),
        "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
    }

def changed(before):
    after = visible()
    return [name for name in before if before[name] != after[name]]

def train(name, engine):
    return run_sweep(SWEEP, name=name, engine=engine, notify=lambda line: None).trials()["status"].to_list()

# Modules are loaded once, with whatever they open.
train("first", "local")
before, found = visible(), {}
"""


@pytest.fixture
def program(tmp_path):
    """`program(text)`: the last line that a program with the prelude prints, as JSON. It has no main guard."""

    def run(text, command=("-c",), **options):
        whole = PRELUDE + textwrap.dedent(text) + "\nprint(json.dumps(found))\n"
        done = subprocess.run(
            [sys.executable, *command, whole], cwd=tmp_path, capture_output=True, text=True, timeout=300, **options
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.mark.nightly
@pytest.mark.parametrize("engines", [("local", "auto", "ray"), at_night(("ray", "ray"))], ids=" ".join)
def test_one_sweep_after_another_with_every_engine_changes_nothing(engines, program):
    """Ray's native code remembers the token of its first start in a process."""
    found = program(f"""
        for number, engine in enumerate({engines!r}):
            found[f"{{engine}} {{number}}"] = [train(f"{{engine}}-{{number}}", engine), changed(before)]
    """)
    assert len(found) == len(engines) and all(each == [["completed"] * 4, []] for each in found.values()), found


@pytest.mark.parametrize(
    "engines", [("auto", "auto", "local", "local"), at_night(("ray", "ray", "auto", "local"))], ids=" ".join
)
def test_sweeps_in_several_threads_at_once(engines, program):
    found = program(f"""
        def work(name, engine):
            found[name] = train(name, engine)
        threads = [threading.Thread(target=work, args=(f"{{engine}}-{{number}}", engine))
                   for number, engine in enumerate({engines!r})]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        found["changed"] = changed(before)
    """)
    assert found.pop("changed") == []
    assert len(found) == 4 and all(each == ["completed"] * 4 for each in found.values()), found


@pytest.mark.nightly
def test_a_background_thread_that_writes_to_a_relative_path_is_not_led_elsewhere(program, tmp_path):
    found = program("""
        end = threading.Event()
        def write():
            number = 0
            while not end.wait(0.01):
                with open("beside.txt", "a") as file:
                    file.write(f"{number}\\n")
                number += 1
            found["lines"] = number
        thread = threading.Thread(target=write)
        thread.start()
        train("beside", "ray")
        end.set()
        thread.join()
    """)
    assert found["lines"] == len((tmp_path / "beside.txt").read_text().splitlines()) > 10


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for the names of Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.nightly
def test_a_ray_that_the_program_has_started_goes_on(program, short_folder):
    """One in the same process, and one that a child process of the program runs."""
    found = program(f"""
        import subprocess, time, ray
        options = dict(address="local", num_cpus=1, include_dashboard=False, logging_level=40, log_to_driver=False)
        ray.init(**options, _temp_dir={str(short_folder / "r")!r})

        class Counter:
            count = 0
            def next(self):
                self.count += 1
                return self.count

        counter = ray.remote(Counter).remote()
        found["before"] = ray.get(counter.next.remote())
        other = f'''
        import sys, ray
        ray.init(**{{options!r}}, _temp_dir={str(short_folder / "s")!r})
        print("there", flush=True)
        sys.stdin.readline()
        print(ray.get(ray.remote(lambda: 7).remote()), flush=True)
        '''
        import textwrap
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(other)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert child.stdout.readline() == "there\\n"
        for engine in ("auto", "local", "ray"):
            train(engine, engine)
        time.sleep(1)
        found["after"] = ray.get(counter.next.remote())
        found["of the child"] = child.communicate("go on\\n")[0].strip()
        found["session"] = os.path.exists({str(short_folder / "r")!r} + "/session_latest")
        ray.shutdown()
    """)
    assert found == {"before": 1, "after": 2, "of the child": "7", "session": True}


@pytest.mark.nightly
def test_under_a_running_event_loop(program):
    found = program("""
        import asyncio

        async def main():
            in_loop = train("in-loop", "auto")
            in_thread = await asyncio.to_thread(train, "in-thread", "auto")
            found["beside"] = await asyncio.sleep(0, "goes on")
            return in_loop + in_thread

        found["status"] = asyncio.run(main())
        found["changed"] = [each for each in changed(before) if each not in ("handlers", "threads")]
    """)
    assert found == {"beside": "goes on", "status": ["completed"] * 8, "changed": []}


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ["auto", *map(at_night, ("local", "ray"))])
def test_an_interrupt_leaves_the_program_as_it_was_and_the_sweep_can_be_resumed(engine, program):
    """As when a notebook is interrupted, with signal handlers of the program."""
    found = program(f"""
        SWEEP = {{**SWEEP, "training": {{"epochs": 3000}}, "repeats": 20}}
        threading.Timer(3.0, signal.raise_signal, [signal.SIGINT]).start()
        try:
            train("long", {engine!r})
        except KeyboardInterrupt as stopped:
            found["told"] = str(stopped)
        found["changed"] = changed(before)
        found["sorted out"] = sorted(set(run_sweep.__globals__["open_store"]().trials("long")["status"].to_list()))
    """)
    assert found["changed"] == [] and "resume_sweep('long')" in found["told"]
    assert set(found["sorted out"]) <= {"pending", "completed"} and "pending" in found["sorted out"]


@pytest.mark.nightly
def test_a_script_read_from_standard_input_needs_no_main_guard(tmp_path):
    """Child processes must not run the program again."""
    text = PRELUDE + "print(train('auto', 'auto'))\n"
    done = subprocess.run(
        [sys.executable, "-"], input=text, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.stdout, done.stderr) == (f"{['completed'] * 4}\n", "")
