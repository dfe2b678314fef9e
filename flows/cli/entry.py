"""Where the command begins: it imports nothing heavy, so that a Ctrl-C is answered in one line from the first moment.

The modules of the commands take half a second to import. A Ctrl-C in that time would be a traceback.

Worker processes import this module as well, before all else, because it is what their parent process began with.
"""

import gc
import os
import signal

# What imports make stays, so that there is little garbage to look for: at Python's own 700 objects, the collector takes
# a sixth of the CPU of a start.
gc.set_threshold(20_000, 10, 10)
BEFORE = "interrupted before anything was asked or written; the same command begins anew"


def heed_ctrl_c() -> None:
    """Have Ctrl-C end this process at once, in one line, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def leave(number: int, _: object) -> None:
    """End this process at once, because of a signal: nothing has been written, and nothing stays behind."""
    os.write(2, f"{BEFORE}\n".encode())
    os._exit(130)


def main() -> None:
    """Run the command line and exit with its code."""
    heed_ctrl_c()
    from nightdesk.flows.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
