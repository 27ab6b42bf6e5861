"""The program of a local worker process: trains one pack after another. It imports little, to start fast."""

import os
import select
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue

from fitgap.core.preprocessing import Examples
from fitgap.runner.engine.local_processes.shared_examples import ExamplesForgotten, ExamplesSent, receive_examples
from fitgap.runner.engine.worker.examples import RepeatKey, repeats_of
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import PackTask
from fitgap.runner.system.blas import blas


class PackInbox:
    """Receives packs to train, and their examples, from the parent process."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.tasks: SimpleQueue[PackTask] = SimpleQueue()
        self.examples: dict[RepeatKey, Examples] = {}
        self.should_leave = threading.Event()

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        """The examples of a pack, which have arrived before it."""
        return {repeat: self.examples[key] for repeat, key in repeats_of(task).items()}

    def listen(self) -> None:
        """Receive messages until the parent is gone, then exit, even in the middle of a pack. The message None asks the
        pack in training to leave.
        """
        try:
            while True:
                self._handle(self.connection.recv())
        finally:
            # Whatever the cause, there is nothing to do without a parent.
            os._exit(1)

    def _handle(self, message: PackTask | ExamplesSent | ExamplesForgotten | None) -> None:
        if message is None:
            self.should_leave.set()
        elif isinstance(message, ExamplesSent):
            self.examples[message.key] = receive_examples(self.connection, message)
        elif isinstance(message, ExamplesForgotten):
            # A pack in training holds its own for as long as it needs them.
            self.examples = {key: each for key, each in self.examples.items() if key not in message.keys}
        else:
            self.tasks.put(message)


def serve(connection_number: str, stop_number: str) -> None:
    """Train packs until the parent is gone. Sends None when ready: at the start and after every pack."""
    connection, stop = Connection(int(connection_number)), select.poll()
    stop.register(int(stop_number), select.POLLIN)
    inbox = PackInbox(connection)
    threading.Thread(target=inbox.listen, daemon=True).start()
    # Find the BLAS now, while no pack waits for this process.
    blas()
    while True:
        connection.send(None)
        task = inbox.tasks.get()
        # An earlier request was about another pack.
        inbox.should_leave.clear()
        for block in train_pack(task, inbox, lambda: inbox.should_leave.is_set() or bool(stop.poll(0))):
            connection.send(block)
