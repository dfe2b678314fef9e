"""What a run needs of its machine and of its environment, looked at before anything is started.

Each of these would otherwise end in a traceback of a library, seconds or minutes later. `run` and `serve` refuse to
start; whoever wants to know of all that is wrong takes `problems`.
"""

import os
import resource
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from nightdesk.flows.shared import prefect_surroundings
from nightdesk.tasks.config.proxies import VARIABLES, keep_loopback_direct
from nightdesk.tasks.errors import InputError

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
THREADS = 64  # that a run has in its own process, and some to spare
SCRATCH_BYTES = 32_000_000  # the language detector's model takes 15 MB, what workers keep there next to nothing
MB = 1_000_000
OWN_MB, WORKER_MB = 700, 150  # of memory: a run with Prefect's server and its auditor; each of its workers
ADDRESSES_MB = 3_200  # of addresses in one process (ulimit -v), most of which never become memory


def check(workers: int) -> None:
    """Refuse to start where it cannot end well. workers: processes for calls that the run will start.

    Raises:
        InputError: the first thing that is wrong; the message names the variable or the folder, and the way out.
    """
    for problem in problems(workers):
        raise InputError(problem)


def problems(workers: int) -> Iterator[str]:
    """Yield a line for everything that would keep a run from ending well. That takes up to 2 s."""
    keep_loopback_direct()
    yield from _proxies()
    yield from _certificates()
    yield from _memory(workers)
    yield from _threads()
    yield from _scratch()
    yield from _shared_memory()
    yield from prefect_surroundings.problems()


def _proxies() -> Iterator[str]:
    """What httpx raises of a proxy that it cannot use, it raises whenever a client is made, whoever is asked."""
    for name in (spelled for variable in VARIABLES for spelled in (variable, variable.lower())):
        value = os.environ.get(name, "")
        scheme = urlsplit(value if "://" in value else f"http://{value}").scheme
        socks = scheme in ("socks5", "socks5h") and find_spec("socksio") is not None
        if value and scheme not in ("http", "https") and not socks:
            named = f"{scheme}://{value.rpartition('@')[2].rpartition('://')[2]}"  # without a user and a password
            more = ", or install socksio and write socks5://" if scheme.startswith("socks") else ""
            yield f"{name}={named}: a proxy that cannot be used; name one as http://HOST:PORT{more}, or unset {name}"


def _certificates() -> Iterator[str]:
    for name in CERTIFICATES:
        if not (value := os.environ.get(name, "")):
            continue
        remedy = f"name a file of certificates, or unset {name}"
        if not Path(value).exists():
            yield f"{name}={value}: there is no such file or folder; {remedy}"
        elif name == "SSL_CERT_FILE":
            try:
                ssl.create_default_context(cafile=value)
            except OSError as e:
                yield f"{name}={value}: cannot be used ({e.strerror or e}); {remedy}"


def _memory(workers: int) -> Iterator[str]:
    remedy = "give it more, or set a smaller [dask] workers in the profile"
    needed = OWN_MB + WORKER_MB * workers
    available, why = _available_mb()
    if available < needed:
        yield (
            f"{why}: {available:.0f} MB of memory are left, and a run with {workers} workers of its own needs about "
            f"{needed} MB; {remedy}"
        )
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY and most < ADDRESSES_MB * MB:
        yield (
            f"ulimit -v: a process may address {most / MB:.0f} MB, and those of a run need about {ADDRESSES_MB} MB; "
            "raise it with ulimit -v, or limit memory by a container's limit instead"
        )


def _available_mb() -> tuple[float, str]:
    """Return how much memory can still be had, in MB, and what limits it."""
    found: list[tuple[float, str]] = []
    try:
        told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        found.append((int(told["MemAvailable"].split()[0]) * 1024 / MB, "this machine"))
    except (OSError, KeyError, ValueError):  # no Linux
        found.append((float("inf"), "this machine"))
    for folder, most, used, stat in _memory_groups():
        try:
            limit = int((folder / most).read_text(encoding="ascii"))
            taken = int((folder / used).read_text(encoding="ascii"))
            lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
            freed = next((int(line.split()[1]) for line in lines if line.startswith(f"{stat} ")), 0)
        except (OSError, ValueError):  # "max": no limit
            continue
        found.append(((limit - taken + freed) / MB, f"the memory limit of this container ({folder / most})"))
    return min(found)


def _memory_groups() -> Iterator[tuple[Path, str, str, str]]:
    """Yield the control groups that limit this process: folder, file of the limit, of its use, what can be freed."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, files = Path("/sys/fs/cgroup"), ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = Path("/sys/fs/cgroup/memory")
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        own = root / path.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(root):
                yield folder, *files


def _threads() -> Iterator[str]:
    """Start as many threads as a run will have, and end them: nothing else tells of every limit."""
    over, started = threading.Event(), []
    size = threading.stack_size(256 * 1024)
    try:
        for _ in range(THREADS):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        yield (
            f"only {len(started)} of {THREADS} threads could be started, because this user or container may have no "
            "more (ulimit -u, pids limit); raise that, or end other programs"
        )
    finally:
        over.set()
        threading.stack_size(size)
        for thread in started:
            thread.join()


def _scratch() -> Iterator[str]:
    """Not tempfile's own choice: where /tmp cannot be used it takes the working folder without a word."""
    name = next((n for n in ("TMPDIR", "TEMP", "TMP") if os.environ.get(n)), "")
    folder = Path(os.environ[name] if name else "/tmp")
    what, remedy = f"{name}={folder}" if name else str(folder), "set TMPDIR to a folder that can"
    if wrong := prefect_surroundings.cannot_write(folder):
        yield f"{what}: temporary files cannot be written there ({wrong}); {remedy}"
    elif (free := shutil.disk_usage(folder).free) < SCRATCH_BYTES:
        yield (
            f"{what}: {free / MB:.0f} MB are free for temporary files, and {SCRATCH_BYTES / MB:.0f} MB are needed; "
            "free some, or set TMPDIR to a folder on another disk"
        )
    else:
        tempfile.tempdir = None  # whatever was found before a variable changed


def _shared_memory() -> Iterator[str]:
    """Locks between processes are files of /dev/shm."""
    from multiprocessing import get_context

    try:
        get_context("fork").Lock()
    except OSError as e:
        yield (
            f"/dev/shm: locks between processes cannot be made there ({e.strerror}); mount it so that it can be "
            "written (docker run --tmpfs /dev/shm)"
        )
