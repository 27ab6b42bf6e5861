"""Standard output reports once that it cannot be written; standard error never does, and never delays work for long."""

import errno
import fcntl
import os
import select
import threading

import pytest
from fitgap.runner.errors import FullOutputError, ReaderGoneError
from fitgap.runner.streams import writers
from fitgap.runner.streams.writers import ErrorWriter, OutputWriter, text_stream


@pytest.fixture
def pipe():
    """Both ends of a pipe, which are closed at the end unless the test has closed them."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError as error:
            assert error.errno == errno.EBADF


def output_over(descriptor, *, is_unbuffered=False):
    writer = OutputWriter(descriptor, "w", closefd=False)
    return text_stream(writer, "utf-8", "strict", is_by_line=False, is_unbuffered=is_unbuffered)


@pytest.mark.parametrize("is_unbuffered", [False, True])
def test_what_is_written_arrives(is_unbuffered, pipe):
    stream = output_over(pipe[1], is_unbuffered=is_unbuffered)
    print("größe", file=stream, flush=True)
    assert os.read(pipe[0], 100).decode() == "größe\n"


def test_a_closed_pipe_is_raised_once_and_later_text_is_dropped(pipe):
    stream = output_over(pipe[1])
    os.close(pipe[0])
    print("first", file=stream)
    with pytest.raises(ReaderGoneError):
        stream.flush()
    print("second", file=stream, flush=True)
    stream.close()


def test_a_full_device_is_told_with_the_reason():
    descriptor = os.open("/dev/full", os.O_WRONLY)
    stream = output_over(descriptor)
    print("text", file=stream)
    with pytest.raises(FullOutputError, match="standard output cannot be written: No space left on device; "):
        stream.flush()
    stream.close()
    os.close(descriptor)


def test_a_descriptor_that_may_not_be_written_is_told_with_the_reason():
    descriptor = os.open(os.devnull, os.O_RDONLY)
    stream = output_over(descriptor)
    print("text", file=stream)
    with pytest.raises(FullOutputError, match="Bad file descriptor"):
        stream.flush()
    stream.close()
    os.close(descriptor)


def test_the_error_is_none_that_rich_or_typer_handles_by_itself():
    assert not issubclass(ReaderGoneError, OSError) and not issubclass(FullOutputError, OSError)


def test_a_pipe_that_does_not_block_gets_all_of_a_long_answer(pipe):
    """As if another program that shares our end of the pipe had set it to non-blocking."""
    fcntl.fcntl(pipe[1], fcntl.F_SETFL, fcntl.fcntl(pipe[1], fcntl.F_GETFL) | os.O_NONBLOCK)
    received = bytearray()

    def read_all():
        while part := os.read(pipe[0], 1000):
            received.extend(part)

    reader = threading.Thread(target=read_all)
    reader.start()
    stream = output_over(pipe[1])
    stream.write("x" * 1_000_000)
    stream.flush()
    os.close(pipe[1])
    reader.join()
    assert len(received) == 1_000_000


def errors_over(descriptor):
    writer = ErrorWriter(descriptor, "w", closefd=False)
    return text_stream(writer, "utf-8", "strict", is_by_line=True, is_unbuffered=False)


@pytest.mark.parametrize("how", ["closed pipe", "full device", "read only", "closed"])
def test_errors_that_cannot_be_written_are_dropped(how, pipe):
    descriptor = {"full device": os.open("/dev/full", os.O_WRONLY), "read only": os.open(os.devnull, os.O_RDONLY)}
    if how in ("closed pipe", "closed"):
        os.close(pipe[0])
    stream = errors_over(descriptor.get(how, pipe[1]))
    if how == "closed":
        os.close(pipe[1])
    print("text", file=stream, flush=True)
    for each in descriptor.values():
        os.close(each)


def test_a_full_pipe_that_nobody_reads_holds_up_the_work_once(pipe, monkeypatch):
    """A terminal stopped by Ctrl-S, or a suspended reader."""
    waited = []

    def wait_for(descriptor, seconds):
        is_ready = bool(select.select([], [descriptor], [], 0)[1])
        if not is_ready:
            waited.append(seconds)
        return is_ready

    monkeypatch.setattr(writers, "wait_for", wait_for)
    stream = errors_over(pipe[1])
    for _ in range(100):
        print("x" * 4000, file=stream)
    assert waited[0] == writers.PATIENCE_SECONDS and set(waited[1:]) == {0.0}
    os.read(pipe[0], 1_000_000)
    print("read again", file=stream)
    assert os.read(pipe[0], 1_000_000).endswith(b"read again\n")
