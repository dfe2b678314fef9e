"""Whoever may start runs in Prefect's UI, or reaches its API, tries to read, write and ask more than is served.

All rows share one `nightdesk serve`, which is started by the first of them and ended with this process.
"""

import atexit
import http.server
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.attack_cases.outcome import Attack, Outcome
from benchmarks.common import ROOT, nightdesk
from tests.flows.serve.doors import FOREIGN, ask
from tests.serving import Served, basic, serving
from tests.tables import rows

SECRET = "The harbour master keeps a secret ledger."
SERVED = "The ferry sails at noon. The harbour is open. It rained on the islands yesterday."
REFUSED = "the run fails with one line, and nothing is read or written"


def cases() -> dict[str, Attack]:
    """Return attack -> what performs it."""
    return {
        "form: a file outside the served folders": partial(_parameters, lambda s: {"sources": [_secret(s)]}),
        "form: a path that climbs with ..": partial(
            _parameters, lambda s: {"sources": [f"{s.source}/../secret/ledger.txt"]}
        ),
        "form: a link out of the served folder": partial(_parameters, lambda s: {"sources": [_link(s)]}),
        "form: a glob over the disk": partial(_parameters, lambda s: {"sources": ["/etc/*"]}),
        "form: Prefect's own API as a source": partial(_parameters, lambda s: {"sources": [f"{s.api}/health"]}),
        "form: the cloud's metadata address": partial(
            _parameters, lambda s: {"sources": ["http://169.254.169.254/latest/meta-data/"]}
        ),
        "form: a profile of the attacker's": partial(_parameters, lambda s: {"text": SERVED, "profile": _profile(s)}),
        "form: an output folder elsewhere": partial(
            _parameters, lambda s: {"text": SERVED, "out": str(s.source.parent / "elsewhere")}
        ),
        "form: pasted text with a path as its id": _path_as_id,
        "form: a run whose variables allow it more": _own_environment,
        "api: every read without signing in": _without_auth,
        "api: a request in another site's name": _foreign,
        "feeds: a feed that is a path": partial(_feed, "{secret}"),
        "feeds: a feed with external entities": partial(
            _feed,
            '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><rss version="2.0"><channel>'
            "<title>n</title><item><guid>1</guid><title>t</title><description>It is so: &x;</description></item>"
            "</channel></rss>",
        ),
        "feeds: an entry that names a file": partial(
            _feed,
            '<rss version="2.0"><channel><title>n</title><item><guid>{secret}</guid><link>file://{secret}</link>'
            '<title>t</title><enclosure url="file://{secret}" type="text/plain"/>'
            '<description src="{secret}">It is so.</description></item></channel></rss>',
        ),
    }


@cache
def _served() -> Served:
    home = Path(mkdtemp(prefix="nightdesk-attacks-"))
    for folder, name, text in (("wires", "ferry.txt", SERVED), ("secret", "ledger.txt", SECRET)):
        (home / folder).mkdir()
        (home / folder / name).write_text(text, encoding="utf-8")
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(serving(home, home / "wires", "--sources", str(home / "wires"), cwd=home))


def _secret(served: Served) -> str:
    return str(served.source.parent / "secret" / "ledger.txt")


def _link(served: Served) -> str:
    link = served.source / "link.txt"
    if not link.is_symlink():
        link.symlink_to(_secret(served))
    return str(link)


def _profile(served: Served) -> str:
    profile = served.source / "mine.toml"
    profile.write_text('name = "mine"\n[categories]\nfacts = "all"\n', encoding="utf-8")
    return str(profile)


def _started(served: Served, asked: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Start an ad-hoc run through the API, which need not compare parameters with the form; return its last state."""
    deployment = served.deployments()["adhoc-news"]["id"]
    body = {"parameters": {"parameters": asked}, "enforce_parameter_schema": False, **more}
    return served.ended(served.ask(f"/deployments/{deployment}/create_flow_run", body)["id"])


def _parameters(wanted: Callable[[Served], dict[str, Any]], _: Path) -> Outcome:
    served = _served()
    before = len(rows(served.out, "documents"))
    state = _started(served, wanted(served))
    harmless = not (served.source.parent / "elsewhere").exists() and len(rows(served.out, "documents")) == before
    message = str(state["message"]).strip()
    right = state["type"] == "FAILED" and "InputError" in message and len(message.splitlines()) == 1 and harmless
    return Outcome(REFUSED, f"{state['type']}: {message}"[:160], right and SECRET not in message)


def _path_as_id(_: Path) -> Outcome:
    served = _served()
    state = _started(served, {"text": SERVED, "doc_id": "../../../evil"})
    outside = [str(p) for p in served.source.parent.rglob("*evil*") if served.out not in p.parents]
    seen = f"{state['message']}; outside: {outside}"
    return Outcome("nothing is written outside OUT", seen[:160], not outside)


def _own_environment(folder: Path) -> Outcome:
    served = _served()
    allowed = served.source / "all.toml"
    allowed.write_text(f'out = ["{served.out}"]\nsources = ["/"]\n', encoding="utf-8")
    more = {"job_variables": {"env": {"NIGHTDESK_ALLOWED": str(allowed)}}}
    state = _started(served, {"sources": [_secret(served)]}, **more)
    read = any(SECRET in str(row) for row in rows(served.out, "passages"))
    return Outcome("the run is refused what is not served", f"secret read: {read}; {state['message']}"[:160], not read)


def _without_auth(_: Path) -> Outcome:
    served = _served()
    paths = ("/flow_runs/filter", "/logs/filter", "/artifacts/filter", "/block_documents/filter", "/variables/filter")
    headers: tuple[dict[str, str], ...] = ({}, {"Authorization": basic("nightdesk:guessed")})
    codes = {ask(served.api, "POST", path, sent, "{}").status for path in paths for sent in headers}
    return Outcome("401 or 403", str(sorted(codes)), codes <= {401, 403})


def _foreign(_: Path) -> Outcome:
    served = _served()
    sent = {**FOREIGN, "Authorization": basic(served.auth)}
    reply = ask(served.api, "POST", "/flow_runs/filter", sent, "{}")
    lets = reply.getheader("Access-Control-Allow-Origin")
    return Outcome(
        "refused, and no other site may read it", f"{reply.status}, allows {lets}", reply.status >= 400 and lets is None
    )


def _feed(body: str, folder: Path) -> Outcome:
    """Read a feed from an address of the loopback, which is where a hostile feed is tried without a network."""
    secret = folder / "ledger.txt"
    secret.write_text(SECRET, encoding="utf-8")
    feed = folder / "served" / "feed.xml"
    feed.parent.mkdir()
    feed.write_text(body.format(secret=secret), encoding="utf-8")
    honest = folder / "honest.txt"
    honest.write_text(SERVED, encoding="utf-8")
    profile = folder / "mine.toml"
    profile.write_text(
        f"{_shipped('news')}\n[fetch]\nallow_private = true\n".replace('name = "news"', 'name = "mine"'),
        encoding="utf-8",
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(feed.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/feed.xml"
        nightdesk("run", address, honest, "--out", folder / "out", "--profile", profile)
        server.shutdown()
    read = any(SECRET in str(row) for row in rows(folder / "out", "passages"))
    return Outcome("the file that it names is not read", f"secret read: {read}", not read)


def _shipped(name: str) -> str:
    return (ROOT / "deployments" / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""
