"""What other users of the machine may read, and what they put in our way."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.attack_cases.outcome import Attack, Outcome
from benchmarks.common import ROOT, nightdesk
from nightdesk.flows.serve.prefect_server import keep_private
from nightdesk.tasks.calling.answers.answer_spool import AnswerSpool
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.tombstones import bury
from nightdesk.tasks.config.pricing import TokenPrices
from nightdesk.tasks.config.private_files import write_private
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.models import spool
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reorganizing.opening import open_out
from nightdesk.tasks.tables.export import export_to_file
from tests.nights import publish_night, said
from tests.prefect_home import prefect_home
from tests.tasks.made import DAY
from tests.tasks.models.test_spool import ANSWER, REQUEST

SOMEBODY = 4_242  # another user's number
TEXT = "The mayor was seen at the bridge."


def cases() -> dict[str, Attack]:
    """Name the attacks."""
    planted = {
        f"files: another user plants {what} as {name} in a shared OUT": _planted(name, is_link)
        for name in ("answers.db", "answers.db-wal", "_staging", "pasted")
        for is_link, what in ((True, "a link"), (False, "a file"))
    }
    return {
        "files: answers are read under umask 000": _answers,
        "files: a pasted text is read under umask 000": _pasted,
        "files: answers on their way are read under umask 000": _spool,
        "files: a database that an earlier version left open stays open": _left_open,
        "files: parameters are read from Prefect's database": _database,
        "files: a whole night under umask 000 leaves text open beside the tables": _night,
        "files: a link lies where the list of forgotten documents is written": _link_of_tombstones,
        "files: a link lies where an export to a shared folder is staged": _link_of_export,
        "files: setting a folder's mode takes a group's access away": _group,
        **planted,
    }


@contextmanager
def _umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def _open_to_others(folder: Path) -> list[str]:
    """Return what others may read or enter below a folder, and the folder itself if so."""
    return [p.name for p in (folder, *folder.rglob("*")) if p.exists() and stat.S_IMODE(p.lstat().st_mode) & 0o077]


def _closed(found: list[str]) -> Outcome:
    return Outcome("its owner alone may read it", f"open to others: {', '.join(found)}" if found else "so", not found)


def _answers(folder: Path) -> Outcome:
    with _umask(0):
        store = Store(folder, "run-1")
        try:
            parts = [p for p in folder.glob("answers.db*") if stat.S_IMODE(p.stat().st_mode) & 0o077]
        finally:
            store.close()
    return _closed([p.name for p in parts])


def _pasted(folder: Path) -> Outcome:
    with _umask(0):
        path = pasted_text.keep(folder, TEXT, "note")
    return _closed(_open_to_others(path.parent))


def _spool(folder: Path) -> Outcome:
    with _umask(0):
        record = {"call_id": "c1", "doc_id": "d"}
        ticket = AnswerSpool(folder, "run-1", lambda _: "").ticket(record, TokenPrices())
        spool.write(ticket, REQUEST, spool.CallResult(ANSWER, None, 0.0, 0.0))
    there = Path(ticket.path).exists()
    return _closed(_open_to_others(folder / "_staging" / "spool") if there else ["nothing was written"])


def _left_open(folder: Path) -> Outcome:
    (folder / "answers.db").touch()
    (folder / "answers.db").chmod(0o666)
    return _answers(folder)


def _database(folder: Path) -> Outcome:
    home = prefect_home(folder / "prefect")
    (home / "prefect.db").chmod(0o644)
    keep_private(home)
    return _closed([p.name for p in home.glob("prefect.db*") if stat.S_IMODE(p.stat().st_mode) & 0o077])


def _night(folder: Path) -> Outcome:
    env = {**os.environ, "PREFECT_HOME": str(prefect_home(folder / "prefect"))}
    env.pop("PREFECT_API_URL", None)
    with _umask(0):
        nightdesk("run", ROOT / "datasets" / "samples", "--out", folder / "out", env=env)
    out = folder / "out"
    private = [*out.glob("answers.db*"), *(folder / "prefect").glob("prefect.db*"), *(folder / "prefect").glob("*.log")]
    private += [p for name in ("pasted", "_staging/spool") for p in (out / name).rglob("*")]
    open_ones = [p.name for p in private if stat.S_IMODE(p.lstat().st_mode) & 0o077]
    tables = {stat.S_IMODE(p.stat().st_mode) for p in (out / "tables").rglob("*.parquet")}
    right = not open_ones and tables == {0o666}
    seen = f"open: {open_ones or 'none'}; tables {', '.join(map(oct, tables))}"
    return Outcome("its owner alone may read it, and tables are as the umask has it", seen, right)


def _link_of_tombstones(folder: Path) -> Outcome:
    out = folder / "out"
    out.mkdir()
    return _untouched(folder, [out / "forgotten.tmp"], lambda: bury(out, "doc"))


def _link_of_export(folder: Path) -> Outcome:
    out, shared = folder / "out", folder / "shared"
    shared.mkdir()
    publish_night(out, DAY, {"doc": said("Bridge", "facts", TEXT)})
    names = [shared / f".rows.csv.{os.getpid()}", shared / "rows.csv.tmp", shared / "rows.csv"]
    return _untouched(folder, names, lambda: export_to_file(out, "passages", DAY, "csv", shared / "rows.csv"))


def _untouched(folder: Path, links: list[Path], act: Callable[[], object]) -> Outcome:
    precious = folder / "precious"
    precious.write_text("mine")
    for link in links:
        link.symlink_to(precious)
    act()
    held = precious.read_text()
    return Outcome("what it links to stays as it was", "so" if held == "mine" else "overwritten", held == "mine")


def _group(folder: Path) -> Outcome:
    for path in (folder, folder / "pasted"):
        path.mkdir(exist_ok=True)
        path.chmod(0o2775)
    open_out(folder, "run-1").close()
    pasted_text.keep(folder, TEXT, "note")
    modes = {oct(stat.S_IMODE(p.stat().st_mode)) for p in (folder, folder / "pasted")}
    return Outcome("folders that were there keep their modes", ", ".join(modes), modes == {"0o2775"})


def _planted(name: str, is_link: bool) -> Attack:
    def attack(folder: Path) -> Outcome:
        expected = "it is named, and nothing is written there"
        if os.geteuid() != 0:
            return Outcome(expected, "not tried: only root can make files of another user", right=True)
        out, loot = folder / "out", folder / "loot"
        out.mkdir()
        out.chmod(0o777)
        if not name.startswith("answers"):
            loot.mkdir()
        if is_link:
            (out / name).symlink_to(loot)
        else:
            write_private(out / name, "")
        os.chown(out / name, SOMEBODY, SOMEBODY, follow_symlinks=False)
        try:
            open_out(out, "run-1").close()
        except InputError as e:
            told = str(e)
        else:
            return Outcome(expected, "it was used", right=False)
        taken = list(loot.iterdir()) if loot.is_dir() else [loot] if loot.exists() else []
        right = f"{name}: it belongs to another user" in told and not taken
        return Outcome(expected, "so" if right else f"{told[:80]}; written: {len(taken)}", right)

    return attack
