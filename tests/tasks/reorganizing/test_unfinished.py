"""Unfinished documents: found by what their rows say, and rebuilt from their tables as they were read."""

from datetime import date, timedelta
from pathlib import Path

from nightdesk.tasks.reading.documents import Document, make_document
from nightdesk.tasks.reading.sentences import Sentence, Spoken
from nightdesk.tasks.reorganizing import unfinished
from nightdesk.tasks.reorganizing.document_state import Lost, Work
from tests.tasks.made import DAY, document, publish_documents, work

TONIGHT = DAY + timedelta(days=1)


def losing(doc: Document, cause: str = "models", taken_up: tuple[str, ...] = ()) -> Work:
    """Return a document whose first chunk got no category."""
    w = work(doc)
    w.filed[0], w.not_organized[0] = {}, Lost("content_organizer: no answer within 120 s", cause)  # type: ignore[arg-type]
    w.taken_up = taken_up
    return w


def test_what_models_or_dollars_left_is_found_and_nothing_else(tmp_path: Path) -> None:
    three = ("2026-02-27", "2026-02-28", "2026-03-01")
    works = [
        losing(document("failed", 4)),
        losing(document("unpaid", 4), "budget"),
        losing(document("its own", 4), "text"),
        work(document("whole", 4)),
        losing(document("twice", 4), taken_up=three[:2]),
        losing(document("given up", 4), taken_up=three),
        losing(document("tonight", 4), taken_up=(TONIGHT.isoformat(),)),
    ]
    publish_documents(tmp_path, *works)
    assert unfinished.find(tmp_path, "news", TONIGHT) == {DAY: {"failed", "unpaid", "twice"}}
    assert unfinished.find(tmp_path, "commerce", TONIGHT) == {}
    assert unfinished.find(tmp_path, "news", DAY) == {}  # a night does not take up its own


def test_dates_are_taken_up_oldest_first_for_a_week_or_the_last_three_of_a_rare_schedule(tmp_path: Path) -> None:
    def found(*ago: int) -> list[int]:
        out = tmp_path / "-".join(map(str, ago))
        for days in ago:
            day = TONIGHT - timedelta(days=days)
            publish_documents(out, losing(document("d", 4)), part=f"run-{days}-1", day=day)
        return [(TONIGHT - day).days for day in unfinished.find(out, "news", TONIGHT)]

    assert found(1, 3, 5, 7, 9) == [7, 5, 3, 1]
    assert found(7, 14, 21, 28) == [21, 14, 7]


def test_a_document_is_rebuilt_as_it_was_read(tmp_path: Path) -> None:
    sentences: list[Sentence] = [
        Spoken("1", "The bridge is shut. ", 0.5, 2.0, "Ann"),
        Spoken("1", "", 2.0, 2.5),
        ("x", "Broken \ud800.", 3.25),
    ]
    captions = make_document("captions", "/in/captions.vtt", sentences, title="Bridges")
    plain = document("plain", 5)
    publish_documents(tmp_path, losing(captions), losing(plain), work(document("other", 3)))
    again = unfinished.rebuilt(tmp_path, DAY, frozenset({"plain", "captions", "withdrawn"}))
    assert list(again.documents()) == [captions, plain]


def test_a_night_takes_up_once_and_its_own_date_does_not_count() -> None:
    lost, whole = unfinished.EarlierDocument("x", 3, ("2026-03-02",)), unfinished.EarlierDocument("x", 0, ())
    assert lost.tried_on(date(2026, 3, 3), DAY) == ("2026-03-02", "2026-03-03")
    assert lost.tried_on(date(2026, 3, 2), DAY) == lost.tried_on(DAY, DAY) == lost.tried_on(None, DAY) == lost.taken_up
    assert whole.tried_on(date(2026, 3, 3), DAY) == ()


def test_a_bad_night_is_given_up_after_three_more_nights(tmp_path: Path) -> None:
    nights = [DAY, DAY, *(DAY + timedelta(days=k) for k in (1, 1, 2, 3))]
    assert [unfinished.note_bad(tmp_path, "news", DAY, night) for night in nights] == [False] * 5 + [True]
