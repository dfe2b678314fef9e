"""What Prefect needs is looked at without Prefect: its folder, its database, the server that is named."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from nightdesk.flows.shared.prefect_surroundings import cannot_write, problems, too_many


class Health(BaseHTTPRequestHandler):
    """Answers /api/health as Prefect's server does, and pages for everything else, as its UI does."""

    def do_GET(self) -> None:
        self.send_response(401 if self.path.startswith("/locked") else 200)
        self.end_headers()
        self.wfile.write(b"true" if self.path == "/api/health" else b"<!doctype html>")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Something like a Prefect server."""
    with HTTPServer(("127.0.0.1", 0), Health) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prefect's folder, and no server that is named."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


def made_by(home: Path, version: str) -> None:
    """Write a database as Prefect does, of some version."""
    with closing(sqlite3.connect(home / "prefect.db")) as db, db:
        db.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        db.execute("INSERT INTO alembic_version VALUES (?)", (version,))


def test_a_database_of_a_newer_prefect_and_a_broken_one_are_told_apart(home: Path) -> None:
    made_by(home, "fedcba987654")
    (line,) = problems()
    assert "a newer Prefect has made this database" in line
    assert "set PREFECT_HOME" in line
    (home / "prefect.db").write_bytes(b"no database at all, but longer than a header of sixteen bytes" * 40)
    (line,) = problems()
    assert "is broken" in line


def test_a_database_that_this_prefect_knows_and_none_at_all_are_fine(home: Path) -> None:
    assert list(problems()) == []
    from importlib.util import find_spec

    (package,) = find_spec("prefect").submodule_search_locations  # type: ignore[union-attr]
    names = sorted(Path(package, "server/database/_migrations/versions/sqlite").glob("*.py"))
    made_by(home, next(p.stem.split("_")[4] for p in reversed(names) if len(p.stem.split("_")) > 4))
    assert list(problems()) == []


def test_a_server_that_answers_is_fine(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/api", "/api/", "/locked/api"):
        monkeypatch.setenv("PREFECT_API_URL", server + path)
        assert list(problems()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1/api", "not an http(s) address"),
        ("127.0.0.1:4200", "not an http(s) address"),
        ("http://127.0.0.1:many/api", "not an http(s) address"),
        ("http://me:secret@127.0.0.1:9/api", "no Prefect server can be reached there"),
        ("{server}", "its address ends in /api"),
        ("{server}/elsewhere/api", "none of its pages"),
    ],
)
def test_an_address_that_is_none_of_a_server_is_one_line(
    url: str, said: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url.format(server=server))
    (line,) = problems()
    assert line.startswith("PREFECT_API_URL=")
    assert said in line
    assert "secret" not in line
    assert "unset the variable" in line


def test_no_home_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    (line,) = problems()
    assert "set HOME" in line


def test_a_folder_is_written_to_or_why_not_is_told(tmp_path: Path) -> None:
    assert cannot_write(tmp_path / "not" / "yet") == cannot_write(tmp_path) == ""
    (tmp_path / "file").write_text("in the way")
    assert "is no folder" in cannot_write(tmp_path / "file" / "below")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_too_many_sources_are_told_with_the_folder_that_holds_them() -> None:
    paths = [f"/srv/wires/of/today/{k:080d}.txt" for k in range(6_600)]
    assert "name the folder that holds them (/srv/wires/of/today)" in too_many(paths)
    assert too_many(paths[:100]) == too_many(["-"]) == ""
