"""An import that gives way to others until somebody waits for it."""

import sys
from pathlib import Path

import pytest

from nightdesk.tasks.tables import patient_import
from nightdesk.tasks.tables.patient_import import PatientImport

WORK = "import time\nend = time.thread_time() + 0.05\nwhile time.thread_time() < end:\n    pass\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose modules take a while."""
    name = f"heavy_{tmp_path.name}".replace("-", "_")
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text(WORK + f"from {name} import first, second\nvalue = 7\n")
    for module in ("first", "second"):
        (tmp_path / name / f"{module}.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_where_the_machine_is_busy_it_pauses_until_somebody_waits(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_import, "BUSY", 1e9)  # it never has a core of its own
    monkeypatch.setattr(patient_import, "PAUSE", 1e9)
    coming = PatientImport(package)
    coming._thread.join(1.0)
    assert not coming.done
    coming.finish()
    assert coming.done
    assert sys.modules[package].value == 7
    assert coming not in sys.meta_path


def test_where_it_has_a_core_it_goes_on(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_import, "BUSY", 0.0)
    monkeypatch.setattr(patient_import, "PAUSE", 1e9)
    coming = PatientImport(package)
    coming._thread.join()
    assert sys.modules[package].value == 7


def test_what_cannot_be_imported_is_told_to_whoever_uses_it() -> None:
    coming = PatientImport("no_such_module_at_all")
    coming.finish()
    with pytest.raises(ModuleNotFoundError):
        __import__("no_such_module_at_all")
