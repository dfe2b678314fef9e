"""What `serve` has started ends with it, even if it is killed: nothing is left that would go on by itself."""

import os
import signal
import threading
import time

SERVED_BY = "NIGHTDESK_SERVED_BY"  # the environment variable that tells a process whose child it is to be
EVERY_S = 0.5
GRACE_S = 10.0


def end_with_parent() -> None:
    """If this process is a child of `serve`, watch over that in a thread: when it is gone, this process ends too."""
    if os.environ.get(SERVED_BY) == str(os.getppid()):
        threading.Thread(target=_watch, args=(os.getppid(),), name="nightdesk-orphans", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)  # Prefect may be waiting for its server, which is gone
    os.kill(os.getpid(), signal.SIGKILL)
