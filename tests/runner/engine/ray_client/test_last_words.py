"""The last line of a process's output that is of use to people."""

import io

from fitgap.runner.engine.ray_client.last_words import last_words


def test_log_lines_and_traces_of_ray_are_no_reason():
    text = """\
no room for the object store
[2026-11-28 21:34:53,895 E 9672 10191] core_worker.cc:609: :info_message: Attempting to recover 9 lost objects
*** SIGABRT received at time=1795901667 on cpu 1 ***
    @     0x7f0e3c0a9e2c         96  (unknown)
(raylet) The raylet has ended
"""
    assert last_words(io.BytesIO(text.encode())) == "no room for the object store"
    assert last_words(io.BytesIO(b"")) == ""
