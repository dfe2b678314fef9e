"""The editions of an OUT for browsers on this machine, because a browser opens no files from a page served over http.

The server only reads, listens on the loopback, answers only to the names of the loopback, and keeps everything below a
secret that is part of the link. So whoever has the link reads; other users of the machine and other websites do not.
"""

import hmac
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nightdesk.tasks.errors import NightdeskError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn import Server

HOST = "127.0.0.1"
USUAL_PORT = 4201
SECRET, LIVE = "reading-secret", "live"
_START_S, _STOP_S = 30.0, 5.0
_HEADERS = (
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"frame-ancestors 'none'"),  # beside that of the page, which cannot say this
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),  # else a link out of a page would hand on the secret
    (b"x-content-type-options", b"nosniff"),
)


@contextmanager
def reading_server(out: Path, port: int = USUAL_PORT) -> Iterator[str]:
    """Serve OUT's editions in a thread; yield the address below which they stand, without a slash at its end.

    port: taken if it is free, so that older links keep working; else any other.

    Raises:
        NightdeskError: the secret cannot be kept, there is no free port, or the server does not start.
    """
    import uvicorn

    secret = secret_of(out)
    listening = _listening(port)
    server = uvicorn.Server(
        uvicorn.Config(
            editions_app(out / "editions", secret, out / LIVE), log_config=None, access_log=False, lifespan="off"
        )
    )
    thread = threading.Thread(target=server.run, args=([listening],), name="nightdesk-reading", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://{HOST}:{listening.getsockname()[1]}/{secret}"
    finally:
        server.should_exit = True
        thread.join(_STOP_S)
        listening.close()


def editions_app(editions: Path, secret: str, live: Path | None = None) -> "ASGIApp":
    """Return the app that serves a folder's files below /<secret>/, and nothing else.

    live: the folder of a follow's live page, which is served below /<secret>/live/.
    """
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.staticfiles import StaticFiles

    files = StaticFiles(directory=editions, html=True, check_dir=False)
    now = StaticFiles(directory=live, html=True, check_dir=False) if live is not None else files
    unknown = PlainTextResponse("There is no such page.\n", 404)
    nothing_yet = PlainTextResponse("There is no edition yet.\n", 404)

    async def app(scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_guarded(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        first, *below = scope["path"].split("/")[1:]
        is_live = live is not None and below[:1] == [LIVE]
        if not hmac.compare_digest(first.encode("utf-8", "surrogateescape"), secret.encode()):
            await unknown(scope, receive, send_guarded)
        elif not (live if is_live and live is not None else editions).is_dir():
            await nothing_yet(scope, receive, send_guarded)
        else:
            from starlette.exceptions import HTTPException

            try:
                root = f"/{secret}/{LIVE}" if is_live else f"/{secret}"
                await (now if is_live else files)({**scope, "root_path": root}, receive, send_guarded)
            except HTTPException as e:
                await PlainTextResponse(f"{e.detail}\n", e.status_code)(scope, receive, send_guarded)

    return TrustedHostMiddleware(app, allowed_hosts=[HOST, "localhost"])


def secret_of(out: Path) -> str:
    """Return the secret part of the links to OUT's editions; made once for each OUT, and readable by its owner only.

    Raises:
        NightdeskError: its file cannot be read or made.
    """
    file = out / SECRET
    try:
        if not file.exists():
            staged = file.with_name(f".{SECRET}-{secrets.token_hex(8)}")
            with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(f"{secrets.token_urlsafe(24)}\n")
            try:
                with suppress(FileExistsError):  # another process was first, and both use its secret
                    file.hardlink_to(staged)
            finally:
                staged.unlink()
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise NightdeskError(f"{file}: the secret of the links cannot be kept there ({e}); mend that") from e
    if len(secret) < 16 or not secret.replace("-", "").replace("_", "").isalnum():
        raise NightdeskError(f"{file}: holds no secret; remove it, and a new one is made")
    return secret


def _listening(usual: int) -> socket.socket:
    for port in (usual, 0):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError:
            listening.close()
            continue
        return listening
    raise NightdeskError(f"{HOST} has no free port for the editions")


def _wait_until_started(server: "Server", thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise NightdeskError("the server of the editions does not start; end what else runs, or try again")
        time.sleep(0.02)
