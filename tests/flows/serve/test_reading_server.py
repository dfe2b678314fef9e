"""The server of editions, asked over a socket as a browser, a stranger and another website would."""

import http.client
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nightdesk.flows.serve.reading_server import SECRET, reading_server, secret_of
from nightdesk.tasks.errors import NightdeskError
from tests.servers.listening import Expected, weaknesses

PAGE, NOW = "<!doctype html><title>A night</title>", "<!doctype html><title>On now</title>"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUT with an edition, a table, and a link out of the editions."""
    out = tmp_path_factory.mktemp("read") / "out"
    night = out / "editions" / "2026-02-03"
    night.mkdir(parents=True)
    for page in (night, night.parent):
        (page / "index.html").write_text(PAGE)
    (out / "live").mkdir()
    (out / "live" / "index.html").write_text(NOW)
    (out / "answers.db").write_text("private")
    (out.parent / "elsewhere.html").write_text("private")
    (night / "link.html").symlink_to(out.parent / "elsewhere.html")
    return out


@pytest.fixture(scope="module")
def address(out: Path) -> Iterator[str]:
    """Serve it."""
    with reading_server(out, 0) as address:
        yield address


def asked(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Ask for just this path; return the status, the text and the headers."""
    at = urlsplit(address)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text, {k.lower(): v for k, v in reply.getheaders()}


def test_who_has_the_link_reads_the_editions_and_their_index(address: str) -> None:
    below = urlsplit(address).path
    for path in ("/index.html", "/2026-02-03/index.html", "/2026-02-03/", "/"):
        status, text, headers = asked(address, below + path)
        assert (status, text) == (200, PAGE), path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
    assert asked(address, f"{below}/live/index.html")[:2] == asked(address, f"{below}/live/")[:2] == (200, NOW)
    assert asked(address, f"{below}/live/../answers.db")[0] == asked(address, "/live/index.html")[0] == 404
    status, _, headers = asked(address, f"{below}/2026-02-03")
    assert status == 307 and headers["location"].endswith(f"{below}/2026-02-03/")


@pytest.mark.parametrize(
    "path",
    ["/", "/index.html", "/2026-02-03/index.html", "/wrong/index.html", "//index.html", "/%00/x", "/%e9/index.html"],
)
def test_without_the_secret_there_is_nothing(address: str, path: str) -> None:
    status, text, _ = asked(address, path)
    assert status == 404 and PAGE not in text


@pytest.mark.parametrize(
    "path",
    ["/../answers.db", "/%2e%2e/answers.db", "/..%2fanswers.db", "/2026-02-03/../../answers.db", "//etc/hostname",
     "/2026-02-03/link.html", "/%2e%2e%5canswers.db", "/2026-02-03/index.html%00.txt", "/no-such.html"],
)  # fmt: skip
def test_nothing_but_the_editions_is_read(address: str, path: str) -> None:
    status, text, _ = asked(address, urlsplit(address).path + path)
    assert status in (400, 404) and "private" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(address: str, method: str) -> None:
    assert asked(address, f"{urlsplit(address).path}/index.html", method)[0] == 405


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4201", "127.0.0.1.evil.example", ""])
def test_a_name_that_leads_here_from_elsewhere_is_not_answered(address: str, host: str) -> None:
    status, text, _ = asked(address, f"{urlsplit(address).path}/index.html", Host=host)
    assert status == 400 and PAGE not in text


def test_no_attack_that_every_server_of_ours_has_to_withstand_gets_through(address: str) -> None:
    at = urlsplit(address)
    assert at.hostname is not None and at.port is not None
    assert weaknesses(at.hostname, at.port, Expected(f"{at.path}/index.html")) == []


def test_the_secret_is_kept_for_its_owner_and_stays_the_same(out: Path, address: str) -> None:
    kept = out / SECRET
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert secret_of(out) == kept.read_text().strip() == address.rpartition("/")[2]
    assert [p.name for p in out.iterdir() if SECRET in p.name] == [SECRET]


def test_a_file_that_holds_no_secret_is_named(tmp_path: Path) -> None:
    (tmp_path / SECRET).write_text("../\n")
    with pytest.raises(NightdeskError, match=f"{SECRET}: holds no secret; remove it"):
        secret_of(tmp_path)


def test_it_listens_on_the_loopback_only_and_a_port_that_is_taken_is_left(out: Path, address: str) -> None:
    port = urlsplit(address).port
    assert port is not None
    with reading_server(out, port) as other:
        assert urlsplit(other).port != port
        assert urlsplit(other).hostname == "127.0.0.1"
        assert asked(other, f"{urlsplit(other).path}/index.html")[0] == 200


def test_an_out_without_an_edition_says_so_and_one_that_comes_is_served(tmp_path: Path) -> None:
    with reading_server(tmp_path, 0) as address:
        below = urlsplit(address).path
        assert asked(address, f"{below}/index.html")[:2] == (404, "There is no edition yet.\n")
        (tmp_path / "editions").mkdir()
        (tmp_path / "editions" / "index.html").write_text(PAGE)
        assert asked(address, f"{below}/index.html")[:2] == (200, PAGE)


def test_the_command_prints_the_link_and_ends_by_a_signal(out: Path) -> None:
    command = [sys.executable, "-m", "nightdesk.flows.cli.main", "read", "--out", str(out), "--port", "0"]
    reading = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert reading.stdout is not None
    link = reading.stdout.readline().strip()
    assert asked(link, urlsplit(link).path)[:2] == (200, PAGE)
    reading.terminate()
    reading.communicate(timeout=30)
    assert reading.returncode != 0


def test_the_command_refuses_an_out_without_an_edition(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nightdesk.flows.cli.main", "read", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"nightdesk: {tmp_path}: has no edition; `nightdesk edition --out {tmp_path}` makes one of a night's tables\n"
    )
