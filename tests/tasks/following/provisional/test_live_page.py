"""The live page: what is on now, what just ended, small, harmless, and without what was forgotten."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.following.provisional.live_page import LARGEST, forget_live, live_html, open_live_page
from nightdesk.tasks.following.provisional.live_state import CLOSED, LiveState
from nightdesk.tasks.following.provisional.tail import Provisional, TailNews
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.forget.places import place_of
from tests.tasks.following.provisional.made import settled_of

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CATEGORIES = ("facts", "opinions", "assumptions", "future_plans")
BRIDGE, BANK = ("bridge", "The bridge is shut"), ("bank", "The bank keeps its rate")
HOSTILE = "<script>alert(1)</script>\x1b[2J\u202eevil\u202c<img src=x onerror=alert(2)>"


def new_state() -> LiveState:
    return LiveState(DAY, "news", CATEGORIES, 5.0)


def minute(k: float) -> datetime:
    return NOON + timedelta(minutes=k)


def news_of(doc_id: str, topics: Sequence[tuple[str, str]], first: int, since: int, category: str) -> TailNews:
    latest = [Provisional(k, f"Sentence {k} of {doc_id}.", *topic, category) for k, topic in enumerate(topics, first)]
    return TailNews(doc_id, tuple(latest), since, len(latest), "en", first - 1)


def told(state: LiveState, doc_id: str = "radio@2026-03-01", stream: str = "radio") -> LiveState:
    """Have ten sentences come, five a minute; six are settled: four of a topic that has ended, two of the next one."""
    for k in (0, 1):
        state.arrived(doc_id, stream, 5 * k + 5, minute(k))
    texts = [f"Sentence {k} of {doc_id}." for k in range(1, 7)]
    state.settled(settled_of(doc_id, texts, [BRIDGE] * 4 + [BANK] * 2))
    state.tail(news_of(doc_id, [BANK] * 4, 7, 5, "opinions"))
    return state


def text_of(html: str) -> str:
    """Return what a page says, without its style, its script and its tags."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_a_stream_says_what_is_on_since_when_and_what_just_ended() -> None:
    state = told(new_state())
    state.figures(waiting=2, lag_s=7.4, dollars=1.5, dollars_hour=0.25)
    said = text_of(live_html(state, minute(2)))
    assert "The bank keeps its rate since 12:00:00" in said
    assert "Just ended The bridge is shut 12:00:00 to 12:00:00" in said
    assert "10 sentences, the last at 12:01:00 · settled to 12:01:00 · 4 provisional" in said
    assert "1 document · 10 sentences · 4 provisional · 2 chunks wait · lag 7 s · $1.50 today ($0.25 this hour)" in said
    assert "Opinions 7" not in said
    assert "Opinions Sentence 7 of radio@2026-03-01. (provisional)" in said
    assert "Facts Sentence 3 of radio@2026-03-01. Sentence 4" in said


def test_what_is_on_is_provisional_until_some_of_it_is_settled() -> None:
    state = told(new_state())
    on = state.streams[0].now
    assert on is not None
    assert not on.is_provisional
    state.arrived("radio@2026-03-01", "radio", 12, minute(3))
    state.tail(news_of("radio@2026-03-01", [BANK] * 4 + [("new", "A new matter")] * 2, 7, 11, "facts"))
    on = state.streams[0].now
    assert on is not None
    assert (on.title, on.since, on.is_provisional) == ("A new matter", minute(3), True)
    assert [t.title for t in state.streams[0].ended] == ["The bank keeps its rate", "The bridge is shut"]
    texts = [f"Sentence {k}." for k in range(7, 13)]
    state.settled(settled_of("radio@2026-03-01", texts, [BANK] * 4 + [("new", "As it settled")] * 2, first=7))
    on = state.streams[0].now
    assert on is not None
    assert (on.title, on.is_provisional, state.provisional) == ("As it settled", False, 0)


def test_sentences_that_have_come_and_are_not_filed_are_said_to_wait() -> None:
    state = told(new_state())
    state.arrived("radio@2026-03-01", "radio", 13, minute(2))
    assert "4 provisional · 3 wait" in text_of(live_html(state, minute(2)))


def test_a_process_that_is_new_says_what_is_settled_and_not_that_it_waits() -> None:
    state = new_state()
    state.arrived("radio@2026-03-01", "radio", 900, minute(0), settled=880)
    said = text_of(live_html(state, minute(1)))
    assert "900 sentences · 880 settled · 20 wait" in said
    state.tail(news_of("radio@2026-03-01", [BANK] * 20, 881, 870, "facts"))
    assert "The bank keeps its rate since earlier, provisional" in text_of(live_html(state, minute(1)))
    state.arrived("radio@2026-03-01", "radio", 901, minute(2))
    state.tail(news_of("radio@2026-03-01", [BRIDGE], 901, 901, "facts"))
    assert "The bridge is shut since 12:02:00" in text_of(live_html(state, minute(3)))


def test_the_page_leads_to_the_editions_once_there_are_any(out: Path) -> None:
    with open_live_page(out, "news") as page:
        page.write(told(new_state()), minute(2))
        assert "../editions" not in page.path.read_text(encoding="utf-8")
        (out / "editions").mkdir()
        (out / "editions" / "index.html").touch()
        page.write(told(new_state()), minute(2))
        assert 'href="../editions/index.html"' in page.path.read_text(encoding="utf-8")


def test_a_merge_shows_one_topic_under_its_new_title() -> None:
    state = told(new_state())
    merged = settled_of("radio@2026-03-01", ["More."], [("bridge", "One story")], first=7, merged={"bank": "bridge"})
    state.settled(merged)
    state.tail(news_of("radio@2026-03-01", [("bridge", "One story")], 8, 1, "facts"))
    said = text_of(live_html(state, minute(2)))
    assert "One story since 12:00:00" in said
    assert "The bank" not in said
    assert "Just ended" not in said


def test_documents_that_are_over_stand_last_and_old_ones_are_counted_only() -> None:
    state = new_state()
    for k in range(CLOSED + 5):
        doc_id = f"feed#{k}@2026-03-01"
        state.arrived(doc_id, f"feed#{k}", 1, NOON, is_over=True)
        state.settled(settled_of(doc_id, [f"Entry {k}."], [(f"t{k}", f"Entry {k}")], closed=True))
    told(state)
    html = live_html(state, NOON)
    assert [s.stream for s in state.streams[:2]] == ["radio", f"feed#{CLOSED + 4}"]
    assert f"{CLOSED + 5} documents are over and settled" in text_of(html)
    assert state.sentences == CLOSED + 5 + 10
    assert "Entry 3." not in html


def test_text_from_anywhere_does_nothing_on_the_page() -> None:
    state = new_state()
    state.arrived(HOSTILE, HOSTILE, 3, NOON, title=HOSTILE)
    state.settled(settled_of(HOSTILE, [HOSTILE], [(HOSTILE, HOSTILE)]))
    state.tail(TailNews(HOSTILE, (Provisional(2, HOSTILE, HOSTILE, HOSTILE, "facts"),), 2, 1, '"><script>', 1))
    state.figures(troubles=[HOSTILE])
    html = live_html(state, NOON)
    assert "<img" not in html
    assert html.count("<script") == 1
    assert not re.search("[\x1b\u202e]", html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "default-src &#39;none&#39;" in html.replace("'", "&#39;")


@pytest.mark.parametrize("streams", [1, 200, 1_500])
@pytest.mark.parametrize("text", ["“The harbour & the <quay>” are shut. ", "地铁六号线柳塘站发现渗水，列车停运。"])
def test_a_page_of_many_streams_stays_small_and_shows_something_of_each_of_200(streams: int, text: str) -> None:
    state = new_state()
    for k in range(streams):
        doc_id = f"a stream of some length, number {k}@2026-03-01"
        state.arrived(doc_id, doc_id.partition("@")[0], 40, NOON)
        for n, category in enumerate(CATEGORIES):
            said = settled_of(doc_id, [text * 12] * 8, [("t", text[:76])] * 8, first=8 * n + 1, category=category)
            state.settled(said)
    html = live_html(state, NOON)
    assert len(html.encode()) <= LARGEST
    shown = html.count("<article")
    assert shown >= min(streams, 200)
    if shown < streams:
        assert f"{streams - shown:,} further documents are not shown here" in text_of(html)


def test_the_page_is_put_in_place_as_others_may_read_it_and_says_when_the_follow_has_ended(out: Path) -> None:
    with open_live_page(out, "news") as page:
        page.write(told(new_state()), minute(2))
        assert page.path == out / "live" / "index.html"
        assert page.path.stat().st_mode & 0o777 == 0o644
        assert 'http-equiv="refresh"' in page.path.read_text(encoding="utf-8")
        state = told(new_state())
        state.ended("midnight")
        page.write(state, minute(3))
        html = page.path.read_text(encoding="utf-8")
        assert "ended: midnight" in html
        assert 'http-equiv="refresh"' not in html
        assert [p.name for p in page.path.parent.iterdir()] == ["index.html"]


def test_two_follows_of_one_out_have_a_page_each(out: Path) -> None:
    with open_live_page(out, "news") as first, open_live_page(out, "commerce") as second:
        assert (first.path.name, second.path.name) == ("index.html", "commerce.html")
    with open_live_page(out, "commerce") as again:
        assert again.path.name == "index.html"


def test_a_link_that_leads_out_of_out_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (out / "live").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="leads out of"), open_live_page(out, "news"):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_forgotten_document_leaves_the_page_and_does_not_come_back(out: Path) -> None:
    state = told(told(new_state()), "secret@2026-03-01", "secret")
    state.figures(troubles=["secret: it was truncated, and is read from its beginning"])
    with open_live_page(out, "news") as page:
        page.write(state, minute(2))
        assert place_of(out, page.path) == "the live page"
        forget_document(out, "secret@2026-03-01")
        assert not page.path.exists()
        page.write(state, minute(3))
        html = page.path.read_text(encoding="utf-8")
    assert "secret" not in html
    assert "Sentence 7 of radio@2026-03-01." in html


def test_the_page_of_other_documents_stays_when_one_is_forgotten(out: Path) -> None:
    with open_live_page(out, "news") as page:
        page.write(told(new_state()), minute(2))
    tombstones.bury(out, "another")
    assert forget_live(out, "another") == 0
    assert page.path.exists()
