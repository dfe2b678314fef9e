"""What Prefect needs: a folder of its own that can be written, a database it knows, a server that answers.

Looked at without importing Prefect, which takes seconds.
"""

import json
import os
import re
import socket
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from nightdesk.tasks.config.proxies import is_loopback

CONNECT_S = 1.5  # until a server that is there has taken a connection
ANSWER_S = 30.0  # until a busy one has answered
CLOUD = "api.prefect.cloud"
PARAMETERS_BYTES = 524_288  # of one flow run, as Prefect's server has it
HOME_REMEDY = "set PREFECT_HOME to a folder that can be written"


def problems() -> Iterator[str]:
    """Yield a line for everything that would keep Prefect from working here."""
    yield from _home()
    if url := os.environ.get("PREFECT_API_URL", ""):
        yield from _server(url)
    else:
        yield from _database()


def too_many(sources: list[str]) -> str:
    """Return what is wrong with sources that are too many for the parameters of one flow run; "" if they are not."""
    size = len(json.dumps(sources))
    if size <= PARAMETERS_BYTES - 2_000:  # the other parameters
        return ""
    folder = os.path.commonpath([str(Path(s).absolute().parent) for s in sources if "://" not in s] or ["/"])
    return (
        f"{len(sources):,} sources are {size:,} bytes of parameters, and Prefect takes {PARAMETERS_BYTES:,}; name the "
        f"folder that holds them ({folder}), or a glob in quotes"
    )


def cannot_write(folder: Path) -> str:
    """Return why nothing can be written to a folder, or to where it would be made; "" if something can."""
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not there.is_dir():
        return f"{there} is no folder"
    if there != folder:
        return "" if os.access(there, os.W_OK) else f"{there} cannot be written"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
    except OSError as e:
        return e.strerror or str(e)
    return ""


def _home() -> Iterator[str]:
    try:
        Path.home()  # Prefect asks for it even where PREFECT_HOME is set
    except RuntimeError:  # no HOME, and no entry in passwd
        yield f"HOME is not set, and user {os.getuid()} has no home folder; set HOME to a folder that can be written"
        return
    home = _prefect_home()
    if wrong := cannot_write(home):
        which = f"PREFECT_HOME={home}" if os.environ.get("PREFECT_HOME") else f"{home} (below HOME)"
        yield f"{which}: Prefect cannot keep its files there ({wrong}); {HOME_REMEDY}"


def _prefect_home() -> Path:
    named = os.environ.get("PREFECT_HOME")
    return Path(named).expanduser() if named else Path.home() / ".prefect"


def _database() -> Iterator[str]:
    """Tell of a database that this Prefect cannot read: one of a newer version, or a broken one."""
    if any(
        os.environ.get(n) for n in ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")
    ):
        return
    try:
        file = _prefect_home() / "prefect.db"
    except RuntimeError:  # which has been told
        return
    remedy = "set PREFECT_HOME to another folder, or move that file away (it holds the history of runs, no tables)"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            versions = [str(v) for (v,) in db.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.OperationalError:  # not there, not begun, or in use
        return
    except sqlite3.DatabaseError as e:
        yield f"{file}: Prefect's database is broken ({e}); {remedy}"
        return
    if unknown := [v for v in versions if not _is_known(v)]:
        yield f"{file}: a newer Prefect has made this database (its version {unknown[0]} is not known); {remedy}"


def _is_known(version: str) -> bool:
    """Tell whether the installed Prefect knows a version of its database. True where that cannot be told."""
    spec = find_spec("prefect")
    places = spec.submodule_search_locations if spec else None
    files = [f for p in places or () for f in Path(p, "server/database/_migrations/versions/sqlite").glob("*.py")]
    if not files or any(version in f.name for f in files):
        return True
    named = re.compile(rf"^revision\b.*['\"]{re.escape(version)}['\"]", re.MULTILINE)
    return any(named.search(f.read_text(encoding="utf-8")) for f in files)


def _server(url: str) -> Iterator[str]:
    """Tell why an address is not that of a Prefect server. The password in it, if any, is not shown."""
    parts = urlsplit(url)
    shown = f"PREFECT_API_URL={parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()}"
    unset = "or unset the variable: a run then starts a server of its own"
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:  # no number
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        yield f"{shown}: not an http(s) address; write it like http://127.0.0.1:4200/api, {unset}"
        return
    if wrong := _unreachable(parts.hostname, port, url):
        yield f"{shown}: no Prefect server can be reached there ({wrong}); start it, check the address, {unset}"
        return
    if parts.hostname == CLOUD:
        return
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if is_loopback(url) else []))
    asked = urllib.request.Request(f"{url.rstrip('/')}/health", headers={"User-Agent": "nightdesk"})
    try:
        with opener.open(asked, timeout=ANSWER_S) as answer:
            if answer.read(100).strip() == b"true":
                return
        said = "what answers there is none of its pages"
    except urllib.error.HTTPError as e:
        said = f"HTTP {e.code}"
        if e.code in (401, 403):  # a door of somebody else's before it
            return
    except (OSError, ValueError) as e:
        yield f"{shown}: the server there does not answer ({_reason(e)}); start it again, {unset}"
        return
    api = "" if parts.path.rstrip("/").endswith("/api") else "; its address ends in /api"
    yield f"{shown}: no Prefect server answers there ({said}){api}; check the address, {unset}"


def _unreachable(host: str, port: int, url: str) -> str:
    """Return why no connection can be made, "" if one can, or if a proxy would make it."""
    if not is_loopback(url) and urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        return ""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S):
            return ""
    except OSError as e:
        return _reason(e)


def _reason(e: Exception) -> str:
    inner = getattr(e, "reason", e)
    if isinstance(inner, TimeoutError):
        return "no answer in time"
    return str(getattr(inner, "strerror", None) or inner)
