"""Private files: their modes from the first byte, whatever the umask, and what another user has planted is not used."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.tombstones import bury
from nightdesk.tasks.config import private_files
from nightdesk.tasks.errors import InputError, NightdeskError
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reorganizing.opening import open_out

SOMEBODY = 4_242
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are another user's")


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set a umask for the test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    """Return the mode of a file or folder itself, not of what it links to."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_is_private_is_so_from_its_first_byte(umask: int, tmp_path: Path) -> None:
    file, seen = tmp_path / "a" / "note.txt", []
    private_files.private_folder(file.parent)
    with private_files.replacing(file, private_files.FILE_MODE) as opened:
        (staged,) = file.parent.iterdir()
        seen.append(mode(staged))
        opened.write("text")
    private_files.make_private(tmp_path / "a.db")
    assert [*seen, mode(file), mode(tmp_path / "a.db")] == [0o600, 0o600, 0o600]
    assert mode(file.parent) == 0o700


def test_a_file_that_others_read_follows_the_umask(umask: int, tmp_path: Path) -> None:
    with private_files.replacing(tmp_path / "page.html") as opened:
        opened.write("text")
    assert mode(tmp_path / "page.html") == 0o666 & ~umask


def test_the_modes_of_folders_that_are_there_are_left_alone(umask: int, tmp_path: Path) -> None:
    for name in ("pasted", "_staging"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o2775)
    tmp_path.chmod(0o2771)
    path = pasted_text.keep(tmp_path, "The bridge is open.", "note")
    open_out(tmp_path, "run-1").close()
    assert [mode(tmp_path), mode(path.parent), mode(tmp_path / "_staging")] == [0o2771, 0o2775, 0o2775]
    assert mode(path) == 0o600


def test_a_database_that_was_readable_no_longer_is_and_what_lies_beside_it_is_as_private(
    umask: int, tmp_path: Path
) -> None:
    (tmp_path / "answers.db").touch()
    (tmp_path / "answers.db").chmod(0o666)
    store = Store(tmp_path, "run-1")
    try:
        parts = sorted(tmp_path.glob("answers.db*"))
        assert [(p.name, mode(p)) for p in parts] == [
            (f"answers.db{part}", 0o600) for part in ("", "-shm", "-wal")
        ]  # fmt: skip
    finally:
        store.close()


def test_a_link_of_the_owners_own_is_followed(tmp_path: Path) -> None:
    fast, out = tmp_path / "fast", tmp_path / "out"
    fast.mkdir()
    out.mkdir()
    (out / "answers.db").symlink_to(fast / "answers.db")
    Store(out, "run-1").close()
    assert mode(fast / "answers.db") == 0o600


def test_what_a_killed_writer_left_of_a_pasted_text_is_forgotten_with_it(tmp_path: Path) -> None:
    path = pasted_text.keep(tmp_path, "The bridge is open.", "note.2")
    other = pasted_text.keep(tmp_path, "The bridge is open.", "note")
    with private_files.replacing(path, private_files.FILE_MODE):
        (staged,) = set(path.parent.iterdir()) - {path, other}
    assert private_files.staged_of(staged) == "note.2"
    staged.touch()  # as if its writer had been killed
    assert pasted_text.remove(tmp_path, "note.2") == 2
    assert list(path.parent.iterdir()) == [other]


def plant(path: Path, target: Path | None = None) -> None:
    """Put a file, or a link, where ours will be, as another user."""
    if target is None:
        path.touch()
        path.chmod(0o666)
    else:
        path.symlink_to(target)
    os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)


@needs_root
@pytest.mark.parametrize("name", ["answers.db", "answers.db-wal", "answers.db-shm", "_staging", "tables", "pasted"])
@pytest.mark.parametrize("kind", ["a file", "a link"])
def test_what_another_user_has_planted_in_a_shared_folder_is_named_and_not_used(
    name: str, kind: str, tmp_path: Path
) -> None:
    loot, out = tmp_path / "loot", tmp_path / "out"
    if not name.startswith("answers"):
        loot.mkdir()
    out.mkdir(mode=0o777)
    plant(out / name, loot if kind == "a link" else None)
    with pytest.raises(InputError, match=rf"{name}: it belongs to another user \(uid {SOMEBODY}\)"):
        open_out(out, "run-1")
    assert not loot.exists() or not list(loot.iterdir())
    if name == "pasted":
        with pytest.raises(NightdeskError):
            pasted_text.keep(out, "The bridge is open.", "note")


@needs_root
def test_whoever_owns_the_folder_may_have_put_things_there(tmp_path: Path) -> None:
    """Root runs nights in a user's folder, too."""
    (tmp_path / "_staging").mkdir()
    for path in (tmp_path, tmp_path / "_staging"):
        os.chown(path, SOMEBODY, SOMEBODY)
    open_out(tmp_path, "run-1").close()


@needs_root
def test_where_a_disk_gives_all_files_to_one_user_they_are_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NFS does with all_squash. No such disk is at hand, so the owner is made up."""
    (tmp_path / "_staging").mkdir()
    (tmp_path / "format.json").write_text("{}")
    for name in ("_staging", "format.json"):
        os.chown(tmp_path / name, SOMEBODY, SOMEBODY)
    asked = []
    monkeypatch.setattr(private_files, "_own_uid_in", lambda folder: asked.append(folder) or SOMEBODY)
    private_files.check_ours(tmp_path / "_staging", tmp_path / "format.json")
    assert asked == [tmp_path / "_staging", tmp_path]


def test_a_planted_link_in_place_of_a_file_that_is_being_written_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").write_text("mine")
    for name in ("forgotten.tmp", "forgotten.json"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("{}")
    bury(tmp_path, "doc")
    assert (tmp_path / "precious").read_text() == "{}"
    assert not (tmp_path / "forgotten.json").is_symlink()
    monkeypatch.setattr(private_files.uuid, "uuid4", lambda: type("Known", (), {"hex": "0" * 32}))
    (tmp_path / f"note.{'0' * 32}.tmp").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        private_files.write_private(tmp_path / "note.txt", "text")
    assert (tmp_path / "precious").read_text() == "{}"
