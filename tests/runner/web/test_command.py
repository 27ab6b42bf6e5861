"""`fitgap ui` as a process: its address, how it ends, what it refuses, and that its token stays secret."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from support.sampling import every, per_commit

COMMAND = str(Path(sys.executable).with_name("fitgap"))
TOKEN = "correct-horse-battery"


@contextlib.contextmanager
def running(*options, **environment):
    """A page in a process of its own, and its address."""
    words = [COMMAND, "ui", "--no-browser", "--port", "0", *options]
    page = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **environment},
    )
    try:
        yield page, re.search(r"http://\S+/", page.stderr.readline()).group()
    finally:
        page.kill()
        page.communicate()


@pytest.mark.parametrize("number", per_commit([signal.SIGINT], [signal.SIGINT, signal.SIGTERM]))
def test_a_signal_ends_the_page_with_the_code_of_the_contract_and_no_words(number, made_database):
    with running("--db", made_database) as (page, address):
        assert b"made" in urllib.request.urlopen(address, timeout=30).read()
        # An open stream of events does not delay the end.
        stream = urllib.request.urlopen(f"{address}api/sweeps/made/events", timeout=30)
        assert stream.readline() == b"retry: 2000\n"
        page.send_signal(number)
        out, err = page.communicate(timeout=30)
        stream.close()
    assert (page.returncode, out, err) == (130, "", "")


ANSWERS_FOR_AN_HOUR = """
import threading
import time
from fitgap.runner.web import serving
from starlette.applications import Starlette
from starlette.routing import Route

def endpoint(request):
    print("asked", flush=True)
    time.sleep(3600)

application = Starlette(routes=[Route("/", endpoint)])
application.state.stopping = threading.Event()
serving.LONGEST_SECONDS = 0.5
with serving.listen("127.0.0.1", 0) as socket:
    print(socket.getsockname()[1], flush=True)
    serving.Server(application).run(sockets=[socket])
"""


def test_an_answer_that_takes_very_long_does_not_keep_the_page_from_ending():
    """Such as a chart of a million trials, computed in a thread."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    with (
        subprocess.Popen([sys.executable, "-c", ANSWERS_FOR_AN_HOUR], **quiet) as page,
        socket.create_connection(("127.0.0.1", int(page.stdout.readline()))) as guest,
    ):
        guest.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert page.stdout.readline() == "asked\n"
        page.send_signal(signal.SIGINT)
        try:
            assert page.wait(60) == 130
        finally:
            page.kill()


@pytest.mark.nightly
def test_a_port_that_is_taken_is_told_in_one_line(command, made_database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = command("ui", "--no-browser", "--port", port, "--db", made_database)
    assert answer.code == 2 and answer.err.count("\n") == 1
    assert f"port {port}" in answer.err and "--port" in answer.err


@pytest.mark.parametrize(
    "options", every(3, [["--host", "0.0.0.0"], ["--host", "192.0.2.7"], ["--allow-host", "lab.example"]])
)
def test_other_people_need_a_token(command, made_database, options):
    answer = command("ui", "--no-browser", *options, "--db", made_database)
    assert answer.code == 2 and "--token" in answer.err and answer.err.count("\n") == 1


@pytest.mark.nightly
def test_a_short_token_is_refused(command, made_database):
    answer = command("ui", "--no-browser", "--token", "secret", "--db", made_database)
    assert answer.code == 2 and "at least 8 characters" in answer.err and "secret;" not in answer.err


@pytest.mark.parametrize("way", per_commit(["option"], ["option", "joined option", "environment"]))
def test_the_token_is_in_no_list_of_processes(way, made_database):
    options = {"option": ["--token", TOKEN], "joined option": [f"--token={TOKEN}"], "environment": []}[way]
    environment = {"FITGAP_TOKEN": TOKEN} if way == "environment" else {}
    with running("--db", made_database, *options, **environment) as (page, address):
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
        assert urllib.request.urlopen(request, timeout=30).status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(address, timeout=30)
        for name in ("cmdline", "environ"):
            assert TOKEN.encode() not in Path(f"/proc/{page.pid}/{name}").read_bytes()


@pytest.mark.nightly
def test_commands_that_do_not_serve_load_no_server(made_database):
    code = (
        "import sys; from fitgap.__main__ import main\n"
        f"sys.argv = ['fitgap', 'sweeps', '--db', {made_database!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('starlette', 'uvicorn', 'jinja2', 'multipart') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.nightly
def test_a_run_can_have_the_page_next_to_it(command, tmp_path):
    # Without a display, no browser is opened.
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    words = ["run", "--data", "xor", "--hidden", 2, "--epochs", 2, "--engine", "local", "--ui"]
    answer = command(*words, cwd=tmp_path, env=environment)
    assert answer.code == 0 and "1 trial" in answer.err
