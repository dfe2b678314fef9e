"""The doors of Dask: whether who connects to a scheduler, a nanny or a worker has it do something."""

import asyncio
from pathlib import Path
from typing import Any

TIMEOUT_S = 3


def certificate_files(folder: Path) -> dict[str, str]:
    """Make a certificate of our own; return what Dask's configuration has to say so that it is used on all sides."""
    from distributed.security import Security

    made = Security.temporary()
    files = {"ca-file": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    for name, text in files.items():
        (folder / f"{name}.pem").write_text(str(text))
    one = {kind: str(folder / f"{kind}.pem") for kind in ("cert", "key")}
    sides = {f"{side}.{kind}": file for side in ("client", "scheduler", "worker") for kind, file in one.items()}
    settings = {"ca-file": str(folder / "ca-file.pem"), **sides}
    return {f"distributed.comm.tls.{key}": value for key, value in settings.items()}


def runs_code(address: str, certificate: bool = False, security: Any = None) -> bool:
    """Tell whether who connects to a part of Dask has it run code. certificate: with one of another maker."""
    from distributed.comm import connect
    from distributed.security import Security

    made = Security.temporary() if certificate else security

    async def asked() -> bool:
        arguments = made.get_connection_args("client") if made is not None else {}
        comm = await connect(address, timeout=TIMEOUT_S, **arguments)
        try:
            await comm.write({"op": "identity", "reply": True})
            return isinstance(await asyncio.wait_for(comm.read(), TIMEOUT_S), dict)
        finally:
            comm.abort()

    try:
        return asyncio.run(asyncio.wait_for(asked(), TIMEOUT_S))
    except (OSError, TimeoutError, RuntimeError):
        return False
