"""The live page, OUT/live/index.html: what is on now in every stream, remade while they go on.

One file that asks the network for nothing, put in place whole. It tells less of each stream the more streams there are,
so that it stays small enough to be read again every few seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from jinja2 import ChoiceLoader, FileSystemLoader

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.calling.answers.tombstones import Tombstones
from nightdesk.tasks.edition.environment import FOLDER as EDITION
from nightdesk.tasks.edition.environment import environment, inlined
from nightdesk.tasks.edition.files import put
from nightdesk.tasks.edition.night import Category
from nightdesk.tasks.edition.shown import shortened
from nightdesk.tasks.following.provisional.live_state import LiveState
from nightdesk.tasks.safety.links import refuse_links

FOLDER = "live"  # below OUT
LARGEST = 480_000  # bytes of the page
_LOCKS = "_staging"
_HERE = Path(__file__).parent


class Detail(NamedTuple):
    """How much is told of each stream: sentences of a category, characters of a sentence, and of how many streams."""

    sentences: int
    characters: int
    streams: int


_DETAILS = (
    Detail(4, 320, 40),
    Detail(3, 240, 80),
    Detail(2, 200, 150),
    Detail(1, 180, 200),
    Detail(1, 100, 200),
    Detail(1, 60, 200),
    Detail(1, 30, 200),
    Detail(1, 30, 50),
)


class LivePage:
    """The page of one follow, which holds it until it ends. path: where it stands."""

    def __init__(self, out: Path, path: Path) -> None:
        self.path = path
        self._out, self._forgotten = out, Tombstones(out)
        self._is_made = False
        self._detail = 0  # with which the last page was not too large

    @property
    def is_gone(self) -> bool:
        """Whether it was removed since it was made, as `forget` does."""
        return self._is_made and not self.path.exists()

    def write(self, state: LiveState, now: datetime) -> None:
        """Put the page in place whole, without documents that were forgotten. now: aware, in the follow's time zone.

        Raises:
            PublishError: it cannot be written; the page that was there stays.
        """
        # Under the lock of forget_live: either it finds this page, or this page finds its tombstone.
        with naming_the_file(self.path), _locked(self._out):
            refuse_links(self._out, self.path.parent, self.path)
            for doc_id in state.documents:
                if self._forgotten.names(doc_id):
                    state.drop(doc_id)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            nights = (self._out / "editions" / "index.html").exists()
            html, self._detail = _fitting(state, now, nights, self._detail)
            put(self.path, html)
            self._is_made = True
            if 2 * len(html) < LARGEST:
                self._detail = max(0, self._detail - 1)  # the next page may tell more


@contextmanager
def open_live_page(out: Path, profile: str) -> Iterator[LivePage]:
    """Hold the live page of an OUT: live/index.html, or live/<profile>.html if another follow in this OUT holds that.

    Raises:
        PublishError: a link leads out of OUT, or it cannot be held.
    """
    folder = out / FOLDER
    refuse_links(out, out / _LOCKS, folder)
    with naming_the_file(folder):
        (out / _LOCKS).mkdir(parents=True, exist_ok=True)
    held = FileLock(out / _LOCKS / "live-index.lock", is_singleton=False, thread_local=False)
    try:
        held.acquire(timeout=0)
        path = folder / "index.html"
    except Timeout:
        path = folder / f"{profile}.html"
    try:
        yield LivePage(out, path)
    finally:
        held.release()


def live_html(state: LiveState, now: datetime, nights: bool = False) -> str:
    """Return the page, as HTML: the most detail that is not larger than LARGEST. nights: whether there are editions."""
    return _fitting(state, now, nights, 0)[0]


def _fitting(state: LiveState, now: datetime, nights: bool, first: int) -> tuple[str, int]:
    """Return the page, and the number of its detail: the first from `first` on with which it is not too large."""
    count, number = len(state.streams), first
    while count > _DETAILS[number].streams and _DETAILS[number].sentences > 1:
        number += 1  # all streams are shown, if need be with less of each
    made = _rendered(state, now, nights, _DETAILS[number])
    while len(made.encode()) > LARGEST and number + 1 < len(_DETAILS):
        number += 1
        made = _rendered(state, now, nights, _DETAILS[number])
    return made, number


def forget_live(out: Path, doc_id: str) -> int:
    """Remove the live pages that show a document; return how many. A follow that is under way makes its page again.

    Raises:
        PublishError: one cannot be removed.
    """
    folder = out / FOLDER
    refuse_links(out, out / _LOCKS, folder)
    mark, removed = f'id="d{_mark(doc_id)}"', 0
    with naming_the_file(folder, "cannot be cleared"):
        if not folder.is_dir():
            return 0
        with _locked(out):
            for page in sorted(folder.iterdir()):
                if mark in page.read_text(encoding="utf-8", errors="replace"):
                    page.unlink(missing_ok=True)
                    removed += 1
    return removed


def _locked(out: Path) -> FileLock:
    (out / _LOCKS).mkdir(parents=True, exist_ok=True)
    return FileLock(out / _LOCKS / "live.lock")


def _rendered(state: LiveState, now: datetime, nights: bool, detail: Detail) -> str:
    streams = state.latest(detail.streams)
    made: str = _template().render(
        state=state,
        now=now,
        streams=streams,
        left_out=len(state.streams) - len(streams),
        detail=detail,
        nights=nights,
        recent=timedelta(hours=1),
        style=inlined(EDITION / "style.css", _HERE / "live.css"),
        script=inlined(EDITION / "script.js", _HERE / "live.js"),
    )
    return made


@cache
def _template() -> Any:
    made = environment().overlay(loader=ChoiceLoader([FileSystemLoader(_HERE), FileSystemLoader(EDITION)]))
    made.filters = made.filters | {"mark": _mark, "cut": shortened, "label": _label}
    return made.get_template("live.html.j2")


def _mark(name: str) -> str:
    """Return a short name for an id, of letters and digits, by which a page knows it after it was made again."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _label(category: str) -> str:
    return Category(0, category, 0).label
