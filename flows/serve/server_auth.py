"""The doors of a Prefect server that we start: only who has its auth string gets in, from no website but its own UI.

By default Prefect's server answers whoever reaches its port and lets every website read the answers, so a page in the
browser of whoever runs `serve` could read pasted text and start runs. The auth string is made once for each
PREFECT_HOME and stands in a file that only its owner can read. It travels in environments, never on a command line.
A server that PREFECT_API_URL names is left as it is.
"""

import os
import secrets
import shlex
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nightdesk.tasks.config.proxies import keep_loopback_direct
from nightdesk.tasks.errors import NightdeskError

if TYPE_CHECKING:
    from prefect.settings import Settings

FILE = "nightdesk-auth"
USER = "nightdesk"
NO_ORIGIN = "none"  # no browser ever sends this; an empty value would be read as not set


@dataclass(frozen=True, slots=True)
class ServerKey:
    """The auth string ("user:password") of a server of ours. file: where it stands; None if a setting gives it."""

    auth: str = field(repr=False)
    file: Path | None


def key_of(settings: "Settings") -> ServerKey:
    """Return the key of the server that Prefect's settings describe: the one they name, or that of their PREFECT_HOME.

    Raises:
        NightdeskError: its file cannot be read or made.
    """
    named = settings.server.api.auth_string
    if named is not None and (auth := named.get_secret_value()):
        return ServerKey(auth, None)
    file = settings.home / FILE
    try:
        return ServerKey(_kept(file), file)
    except (OSError, UnicodeDecodeError) as e:
        raise NightdeskError(f"{file}: the server's auth string cannot be kept there ({e}); mend that") from e


def _kept(file: Path) -> str:
    """Return the auth string that a file holds; make it if there is none. Processes that race get the same one."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{FILE}-")  # its mode is 0600
        made = Path(name)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as new:
                new.write(f"{USER}:{secrets.token_urlsafe(32)}\n")
                new.flush()
                os.fsync(new.fileno())
            file.hardlink_to(made)  # whole, or not at all; never over one that is there
        except FileExistsError:
            pass
        finally:
            made.unlink()
    auth = file.read_text(encoding="utf-8").strip()
    if ":" not in auth or len(auth.split()) != 1:
        raise NightdeskError(f"{file}: holds no auth string (user:password); remove it, and a new one is made")
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return auth


def how_to_sign_in(key: ServerKey, api: str) -> list[str]:
    """Return the lines that tell a person how to sign in to the UI, and what Prefect's own commands need."""
    where, value = "what PREFECT_SERVER_API_AUTH_STRING is set to", '"$PREFECT_SERVER_API_AUTH_STRING"'
    if key.file is not None:
        where, value = f"the line in {key.file}", f'"$(cat {shlex.quote(str(key.file))})"'
    return [
        f"to sign in there, give {where}",
        f"prefect's own commands need: export PREFECT_API_URL={api} PREFECT_API_AUTH_STRING={value}",
    ]


def of_server(key: ServerKey, origin: str = NO_ORIGIN) -> dict[str, str]:
    """Return the environment of a server that only `key` opens. origin: of its UI, say http://127.0.0.1:4200."""
    return {
        "PREFECT_SERVER_API_AUTH_STRING": key.auth,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": origin,
    }


def use(key: ServerKey, **also: str) -> None:
    """Have this process, and those that it starts, use the key and what else is given of the environment."""
    from prefect.context import refresh_global_settings_context

    os.environ.update({"PREFECT_API_AUTH_STRING": key.auth, "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true", **also})
    keep_loopback_direct()  # a proxy would see the key
    refresh_global_settings_context()


def close_ephemeral() -> None:
    """Close the doors of the server that Prefect starts for this process, as it does where none is named.

    Raises:
        NightdeskError: its auth string cannot be kept.
    """
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if not settings.api.url:
        key = key_of(settings)
        use(key, **of_server(key))
