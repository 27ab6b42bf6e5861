"""What a plain process does: it takes one pack after another and sends blocks. It imports little, to be there soon."""

import os
import select
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from runner.engine.worker import train_pack


def serve(connection_number: str, stop_number: str) -> None:
    """Train what comes until the other side is gone. None says, then and after every pack, that more can come."""
    connection, stop = Connection(int(connection_number)), select.poll()
    stop.register(int(stop_number), select.POLLIN)
    received: SimpleQueue[Any] = SimpleQueue()
    asked_to_leave = threading.Event()
    threading.Thread(target=listen, args=(connection, received, asked_to_leave), daemon=True).start()
    connection.send(None)
    dataset = received.get()
    while True:
        connection.send(None)
        task = received.get()
        # What was asked before was about another pack.
        asked_to_leave.clear()
        for block in train_pack(task, dataset, lambda: asked_to_leave.is_set() or bool(stop.poll(0))):
            connection.send(block)


def listen(connection: Connection, received: SimpleQueue[Any], asked_to_leave: threading.Event) -> None:
    """Take in what is sent; None asks the pack in training to leave. When the other side is gone this process ends,
    also in the middle of a pack.
    """
    try:
        while True:
            message = connection.recv()
            if message is None:
                asked_to_leave.set()
            else:
                received.put(message)
    finally:
        # Whatever has happened: without orders there is nothing to do.
        os._exit(1)
