"""Which parts came and went since the last look: every change once, for each keeper, at the price of a stat a date."""

import shutil
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.tables.index import part_changes
from nightdesk.tasks.tables.index.database import opened
from nightdesk.tasks.tables.places import table_folder
from tests.tasks.made import DAY

NEXT_DAY = DAY + timedelta(days=1)
NAMES = ("part-0.parquet", "r1-1.parquet", "r2-1.parquet")


def put(out: Path, name: str, text: str = "some rows", day: date = DAY, table: str = "calls") -> Path:
    """Put a part in place as publishing does."""
    part = out / table_folder(table, day) / name
    part.parent.mkdir(parents=True, exist_ok=True)
    staged = out / "staged"
    staged.write_text(text)
    staged.replace(part)
    return part


@pytest.fixture
def db(out: Path) -> Iterator[Database]:
    (out / "tables").mkdir(parents=True)
    with opened(out) as db:
        yield db


def look(db: Database, out: Path, keeper: str = "", days: list[date] | None = None) -> tuple[list[str], list[str]]:
    """Return the names of the parts that came, and of those that went."""
    changes = db.transact(lambda: part_changes.changed_parts(db, out, "calls", days, keeper))
    return [p.path.name for p in changes.added], [p.path.name for p in changes.gone]


def test_every_change_is_told_once(db: Database, out: Path) -> None:
    assert look(db, out) == ([], [])
    put(out, NAMES[1])
    put(out, NAMES[2], day=NEXT_DAY)
    assert look(db, out) == ([NAMES[1], NAMES[2]], [])
    assert look(db, out) == ([], [])
    put(out, NAMES[1], "other rows")
    assert look(db, out) == ([NAMES[1]], [NAMES[1]])
    shutil.rmtree(out / table_folder("calls", NEXT_DAY))
    assert look(db, out) == ([], [NAMES[2]])
    assert look(db, out) == ([], [])


def test_keepers_and_tables_are_apart(db: Database, out: Path) -> None:
    put(out, NAMES[1])
    put(out, NAMES[2], table="judgements")
    assert look(db, out) == ([NAMES[1]], [])
    assert look(db, out, keeper="sums") == ([NAMES[1]], [])
    assert look(db, out, keeper="sums") == ([], [])


def test_only_the_dates_that_were_named_are_looked_at(db: Database, out: Path) -> None:
    put(out, NAMES[1])
    put(out, NAMES[2], day=NEXT_DAY)
    assert look(db, out, days=[NEXT_DAY]) == ([NAMES[2]], [])
    assert look(db, out, days=[]) == ([], [])
    assert look(db, out) == ([NAMES[1]], [])


def test_a_replaced_part_has_another_number(db: Database, out: Path) -> None:
    numbers = set()
    for k in range(3):
        put(out, NAMES[0], f"rows {k}")
        changes = db.transact(lambda: part_changes.changed_parts(db, out, "calls"))
        numbers |= {p.number for p in changes.added}
        assert {p.number for p in changes.gone} <= numbers - {p.number for p in changes.added}
    assert len(numbers) == 3


def test_what_was_pruned_is_no_news_and_what_comes_after_is(db: Database, out: Path) -> None:
    part = put(out, NAMES[1])
    look(db, out)
    part_changes.mark_pruned(db, "calls", DAY)
    assert look(db, out) == ([], [])  # killed before the part was removed
    part.unlink()
    assert look(db, out) == ([], [])
    part.parent.rmdir()
    assert look(db, out) == ([], [])
    put(out, NAMES[2])
    assert look(db, out) == ([NAMES[2]], [])
    (out / table_folder("calls", DAY) / NAMES[2]).unlink()
    assert look(db, out) == ([], [NAMES[2]])
    put(out, NAMES[1], "from a backup")
    assert look(db, out) == ([NAMES[1]], [NAMES[1]])


def test_a_part_that_was_taken_back_comes_again(db: Database, out: Path) -> None:
    put(out, NAMES[1])
    for _ in range(2):
        changes = db.transact(lambda: part_changes.changed_parts(db, out, "calls"))
        assert [p.path.name for p in changes.added] == [NAMES[1]]
        part_changes.unread(db, changes.added[0].number)
    assert look(db, out) == ([NAMES[1]], [])


def test_many_dates_are_taken_in_some_at_a_time_and_all_of_them(db: Database, out: Path) -> None:
    for k in range(150):
        put(out, NAMES[1], day=DAY + timedelta(days=k))
    told: list[int] = []
    part_changes.keep_up(db, out, "calls", lambda changes: told.append(len(changes.added)))
    assert sum(told) == 150
    assert len(told) > 1


def test_what_could_not_be_taken_in_is_told_again(db: Database, out: Path) -> None:
    put(out, NAMES[1])

    def fail(changes: part_changes.Changes) -> None:
        raise RuntimeError(len(changes.added))

    with pytest.raises(RuntimeError):
        part_changes.keep_up(db, out, "calls", fail)
    assert look(db, out) == ([NAMES[1]], [])


def test_two_who_look_at_once_share_the_changes(db: Database, out: Path) -> None:
    for k in range(100):
        put(out, NAMES[1], day=DAY + timedelta(days=k))
    told: list[date] = []

    def follow() -> None:
        with opened(out) as own:
            part_changes.keep_up(own, out, "calls", lambda changes: told.extend(p.day for p in changes.added))

    threads = [threading.Thread(target=follow) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(told) == [DAY + timedelta(days=k) for k in range(100)]


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "remove", "look", "empty"]), st.sampled_from(NAMES), st.booleans()), max_size=15
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_who_applies_every_change_has_what_lies_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, bool]]
) -> None:
    out = tmp_path_factory.mktemp("out")
    (out / "tables").mkdir()
    held: dict[int, tuple[Path, str]] = {}

    def apply(changes: part_changes.Changes) -> None:
        for part in changes.gone:
            del held[part.number]
        for part in changes.added:
            held[part.number] = part.path, part.path.read_text()

    with opened(out) as db:
        for k, (step, name, is_next) in enumerate([*steps, ("look", NAMES[0], False)]):
            day = NEXT_DAY if is_next else DAY
            folder = out / table_folder("calls", day)
            if step == "put":
                put(out, name, f"rows {k}", day)
            elif step == "remove":
                (folder / name).unlink(missing_ok=True)
            elif step == "empty":
                shutil.rmtree(folder, ignore_errors=True)
            else:
                part_changes.keep_up(db, out, "calls", apply)
        there = sorted((p, p.read_text()) for p in (out / "tables").rglob("*.parquet"))
        assert sorted(held.values()) == there
