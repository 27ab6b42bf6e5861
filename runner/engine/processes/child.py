"""What a plain process does: it takes one pack after another and sends blocks. It imports little, to be there soon."""

import os
import select
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue

from fitgap.core.preprocessing import Examples
from fitgap.runner.engine.processes.shared_examples import ExamplesForgotten, ExamplesSent, receive_examples
from fitgap.runner.engine.worker.examples import RepeatKey, repeats_of
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import PackTask
from fitgap.runner.system.blas import blas


class PackInbox:
    """What the other side has sent: packs to train, and the examples for them."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.tasks: SimpleQueue[PackTask] = SimpleQueue()
        self.examples: dict[RepeatKey, Examples] = {}
        self.asked_to_leave = threading.Event()

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        """The examples of a pack; they came before it."""
        return {repeat: self.examples[key] for repeat, key in repeats_of(task).items()}

    def listen(self) -> None:
        """Take in what is sent; None asks the pack in training to leave. When the other side is gone this process
        ends, also in the middle of a pack.
        """
        try:
            while True:
                self._take_in(self.connection.recv())
        finally:
            # Whatever has happened: without orders there is nothing to do.
            os._exit(1)

    def _take_in(self, message: PackTask | ExamplesSent | ExamplesForgotten | None) -> None:
        if message is None:
            self.asked_to_leave.set()
        elif isinstance(message, ExamplesSent):
            self.examples[message.key] = receive_examples(self.connection, message)
        elif isinstance(message, ExamplesForgotten):
            # A pack in training holds its own for as long as it needs them.
            self.examples = {key: each for key, each in self.examples.items() if key not in message.keys}
        else:
            self.tasks.put(message)


def serve(connection_number: str, stop_number: str) -> None:
    """Train what comes until the other side is gone. None says, then and after every pack, that more can come."""
    connection, stop = Connection(int(connection_number)), select.poll()
    stop.register(int(stop_number), select.POLLIN)
    inbox = PackInbox(connection)
    threading.Thread(target=inbox.listen, daemon=True).start()
    # Looked for while nothing waits for this process.
    blas()
    while True:
        connection.send(None)
        task = inbox.tasks.get()
        # What was asked before was about another pack.
        inbox.asked_to_leave.clear()
        for block in train_pack(task, inbox, lambda: inbox.asked_to_leave.is_set() or bool(stop.poll(0))):
            connection.send(block)
