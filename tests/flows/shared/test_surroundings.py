"""What a run needs of its machine: each thing that is wrong is one line that names it and the way out."""

import resource
from pathlib import Path

import pytest

from nightdesk.flows.shared import surroundings
from nightdesk.flows.shared.surroundings import check, problems
from nightdesk.tasks.errors import InputError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where everything is right."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "PREFECT_API_URL", *surroundings.CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    return tmp_path


def only() -> str:
    """Return the one line that there is."""
    (line,) = problems(2)
    assert len(line.splitlines()) == 1
    return line


def test_where_all_is_right_nothing_is_said_and_nothing_written(home: Path) -> None:
    check(2)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("name", ["ALL_PROXY", "http_proxy", "HTTPS_PROXY"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "socks://me:secret@proxy.example:1080")
    line = only()
    assert line.startswith(f"{name}=socks://proxy.example:1080: ")
    assert "secret" not in line
    with pytest.raises(InputError, match=f"unset {name}"):
        check(2)


@pytest.mark.parametrize("value", ["http://proxy.example:3128", "proxy.example:3128", "https://proxy.example"])
def test_a_proxy_of_http_is_used(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    assert list(problems(2)) == []


@pytest.mark.parametrize("name", surroundings.CERTIFICATES)
def test_certificates_that_are_not_there_are_named(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, str(home / "none.pem"))
    assert only().startswith(f"{name}={home / 'none.pem'}: there is no such file")


def test_a_file_that_holds_no_certificate_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "text.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "text.pem"))
    assert "cannot be used" in only()


def test_memory_is_counted_by_the_limit_of_a_container_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("max", "900000000"), ("current", "500000000"), ("stat", "anon 1\ninactive_file 200000000\n")):
        (home / f"memory.{name}").write_text(value)
    group = (home, "memory.max", "memory.current", "inactive_file")
    monkeypatch.setattr(surroundings, "_memory_groups", lambda: iter([group]))
    line = only()
    assert f"({home / 'memory.max'}): 600 MB of memory are left" in line
    assert "[dask] workers" in line
    (home / "memory.max").write_text("max\n")
    assert list(problems(2)) == []


def test_too_few_addresses_and_too_few_threads_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10**9, 10**9))
    assert "ulimit -v" in only()
    monkeypatch.undo()


def test_temporary_files_are_tried(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setattr(surroundings, "SCRATCH_BYTES", 10**18)
    assert only().startswith(f"TMPDIR={home}: ")
    (home / "file").write_text("in the way")
    monkeypatch.setenv("TMPDIR", str(home / "file"))
    assert "is no folder" in only()
