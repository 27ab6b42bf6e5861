"""The standard descriptors 0, 1 and 2: closed ones are opened on /dev/null.

Otherwise the next pipe, socket or database that the process opens would get the number of a standard stream, and any
code that reads or prints there would damage it.
"""

import os

# The mode of each descriptor.
STANDARD = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}


def open_closed_descriptors() -> None:
    """Open the standard descriptors that are closed; child processes inherit them."""
    for descriptor, mode in STANDARD.items():
        if is_closed(descriptor):
            # This is the lowest free number, since those below it are open by now.
            opened = os.open(os.devnull, mode)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)


def is_closed(descriptor: int) -> bool:
    """Whether nothing is open under this number."""
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False
