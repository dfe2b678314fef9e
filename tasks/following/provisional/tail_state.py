"""The tail of one document: its sentences, what they are filed under, and what is to be asked about next.

kept      rows of sentences that are filed as far as a tail goes: they wait to be settled, and are not looked at again
window    the last sentences, at most a chunk of them; their topics are found anew after each half chunk

So the work on a sentence is bounded however long the tail is because settling is behind.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.profile import UNPLACED, Chunks
from nightdesk.tasks.following.provisional.tail_rows import (
    FiledAs,
    Renamed,
    Written,
    no_rows,
    rename,
    rename_rows,
    renamed_by,
    rows_of,
)
from nightdesk.tasks.following.provisional.tail_topics import HeardTopics
from nightdesk.tasks.following.provisional.tail_work import UNKNOWN, TailAnswer, TailWork
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reorganizing.ids.first_sight import digest, sentence_name, topic_id
from nightdesk.tasks.roles.topic_finder import free_title

BEFORE = 8  # sentences that are shown before those to be filed
TOLD_BY = 40  # sentences by which the language of a text is told
READ_BACK = 400  # settled sentences that are looked at for what a tail goes on with
MOST_PIECES = 64  # tables that the kept rows consist of

SettledCount = Callable[[str, str], int]  # (doc_id, digest) -> settled sentences of the document that have it
Said = tuple[str, str | None, str | None]  # text, topic_id and title of a sentence


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a tail. start: place of its first sentence in the window, from 0; coming: new sentences.

    topic_ids: of the known topics. turn: of the tail, which moves with each change.
    """

    work: TailWork
    topic_ids: tuple[str, ...]
    start: int
    coming: int
    turn: int


class TailState:
    """The tail of one document, of which `settled` sentences are settled; its first sentence stands at `first`."""

    def __init__(
        self, doc_id: str, size: Chunks, by: Written, settled_count: SettledCount, settled: int = 0, language: str = ""
    ) -> None:
        self.doc_id, self.language, self.first = doc_id, language, settled + 1
        self._size, self._half, self._is_told = size, max(1, size.sentences // 2), bool(language)
        self._by, self._settled_count = by, settled_count
        self._kept = no_rows()
        self._window: deque[Spoken] = deque()
        self._filed: deque[FiledAs] = deque()  # of the first sentences of the window
        self._before: deque[tuple[str, str | None]] = deque(maxlen=BEFORE)  # (text, topic_id) before the window
        self._heard = HeardTopics()  # before the window
        self._run: tuple[str | None, int] = (None, self.first)  # topic right before the window, and since when
        self._find_at = self.first  # topics are found anew with the sentence of this position
        self._turn = 0
        self.table = self._kept  # its rows, in order; made anew with each change, so another thread may take it

    @property
    def start(self) -> int:
        """The position of the first sentence of the window."""
        return self.first + len(self._kept)

    @property
    def end(self) -> int:
        """The position after the last sentence that has come."""
        return self.start + len(self._window)

    @property
    def filed_end(self) -> int:
        """The position after the last sentence that is filed."""
        return self.start + len(self._filed)

    @property
    def waiting(self) -> int:
        """Sentences that have come and are not filed."""
        return len(self._window) - len(self._filed)

    @property
    def topic(self) -> tuple[str | None, int]:
        """The topic of the last filed sentence, and the position at which the run of its sentences begins."""
        return self._run_after(len(self._filed))

    def add(self, first: int, sentences: Sequence[Spoken]) -> None:
        """Take in sentences from position `first` on; those that are known are passed over.

        Raises:
            ValueError: they do not go on where the tail ends.
        """
        if first > self.end:
            raise ValueError(f"{self.doc_id}: its tail ends before sentence {self.end}, and {first} comes next")
        self._window.extend(sentences[self.end - first :])

    def hear(self, said: Sequence[Said]) -> None:
        """Note sentences of settled topics, in order."""
        self._heard.hear(said)

    def go_on_with(self, said: Sequence[Said], first: int) -> None:
        """Note the settled sentences right before the tail, from position `first` on."""
        self._heard.hear(said)
        if len(self._kept):
            return
        topic, since = self._run
        for position, (_, its, _) in enumerate(said, first):
            if its != topic:
                topic, since = its, position
        self._run = topic, since
        self._before.extend((text, its) for text, its, _ in said)

    def question(self) -> Asked | None:
        """Return what to ask about the next sentences, at most half a chunk; None if all are filed."""
        if not self.waiting:
            return None
        coming = self._next_piece()
        self._keep_all_but_half(coming)
        anew = self.filed_end + coming > self._find_at
        known = len(self._filed)
        texts = [s.text for s in islice(self._window, known + coming)]
        if anew and not self._is_told:
            self._tell_language(texts)
        before, heard = list(self._before), self._heard.shown()
        if not anew:
            since = HeardTopics()
            since.hear((text, f.topic_id, f.topic) for text, f in zip(texts, self._filed, strict=False))
            before += [(text, f.topic_id) for text, f in zip(texts, self._filed, strict=False)]
            before, heard, texts = before[-BEFORE:], self._heard.shown(since), texts[known:]
        number = {topic: k for k, topic in enumerate(heard)}
        return Asked(
            TailWork(
                self.language,
                tuple(text for text, _ in before),
                tuple(number.get(topic, UNKNOWN) if topic else UNKNOWN for _, topic in before),
                tuple(texts),
                tuple(heard.values()),
                anew,
            ),
            tuple(heard),
            0 if anew else known,
            coming,
            self._turn,
        )

    def take(self, asked: Asked, answer: TailAnswer) -> bool:
        """File sentences as they were answered; whether that was done: the tail may have moved meanwhile."""
        if asked.turn != self._turn:
            return False
        if answer.error:
            rows = list(islice(self._filed, asked.start, None))  # what was filed before stays
            rows += [FiledAs(None, None, UNPLACED, None, answer.error)] * (len(asked.work.texts) - len(rows))
        else:
            names = self._names(asked, answer)
            rows = [
                FiledAs(*names[k], category, confidence)
                for k, (category, confidence) in zip(answer.topics, answer.filed, strict=True)
            ]
        while len(self._filed) > asked.start:
            self._filed.pop()
        self._filed.extend(rows)
        self._changed()
        if asked.work.anew:
            self._find_at = self.filed_end - 1 + min(self._half, self.filed_end - 1)
        return True

    def settle(self, settled: Settled) -> None:
        """Drop what is settled now; what goes on behind it is of the topics that were settled."""
        gone = max(0, settled.last + 1 - self.first)
        renamed = renamed_by(settled, self._topics_of(gone))
        kept = min(gone, len(self._kept))
        self._kept = self._kept.slice(kept)
        for _ in range(min(gone - kept, len(self._window))):
            self._window.popleft()
            if self._filed:
                self._filed.popleft()
        self.first += gone
        self._rename(renamed)
        last = settled.passages[-READ_BACK:]
        self.go_on_with([(row["text"], row["topic_id"], row["topic"]) for row in last], settled.last + 1 - len(last))
        self._changed()

    def latest(self, most: int) -> list[tuple[int, str, FiledAs]]:
        """Return the last filed sentences of the window as (position, text, what it is filed under), in order."""
        skipped = max(0, len(self._filed) - most)
        its = zip(self._window, self._filed, strict=False)
        return [(self.start + k, s.text, f) for k, (s, f) in enumerate(islice(its, skipped, None), skipped)]

    def _changed(self) -> None:
        self._turn += 1
        self.table = pa.concat_tables([self._kept, self._rows(len(self._filed))])

    def _next_piece(self) -> int:
        coming, characters = 0, 0
        for sentence in islice(self._window, len(self._filed), len(self._filed) + self._half):
            characters += len(sentence.text)
            if coming and 2 * characters > self._size.characters:
                break
            coming += 1
        return coming

    def _keep_all_but_half(self, coming: int) -> None:
        """Keep the first rows of the window as they are if with what comes it would be longer than a chunk."""
        lengths = [len(s.text) for s in islice(self._window, len(self._filed) + coming)]
        if len(lengths) <= self._size.sentences and sum(lengths) <= self._size.characters:
            return
        kept, characters = 0, sum(lengths[: len(self._filed)])
        while len(self._filed) - kept > self._half or (
            kept < len(self._filed) and 2 * characters > self._size.characters
        ):
            characters -= lengths[kept]
            kept += 1
        rows = [self._kept, self._rows(kept)]
        self._run = self._run_after(kept)
        for _ in range(kept):
            sentence, filed = self._window.popleft(), self._filed.popleft()
            self._before.append((sentence.text, filed.topic_id))
            self._heard.hear([(sentence.text, filed.topic_id, filed.topic)])
        self._kept = pa.concat_tables(rows)
        if self._kept["doc_id"].num_chunks > MOST_PIECES:
            self._kept = self._kept.combine_chunks()

    def _run_after(self, filed: int) -> tuple[str | None, int]:
        topic, since = self._run
        for position, its in enumerate(islice(self._filed, filed), self.start):
            if its.topic_id != topic:
                topic, since = its.topic_id, position
        return topic, since

    def _rows(self, filed: int) -> pa.Table:
        """Return the rows of the first sentences of the window."""
        said = list(islice(self._window, filed))
        return rows_of(self.doc_id, self.start, said, list(islice(self._filed, filed)), self._by)

    def _names(self, asked: Asked, answer: TailAnswer) -> list[tuple[str, str]]:
        """Return the id and the title of each topic of an answer: of those that were known, then of the new ones.

        A new one that begins with the same sentence as one of the window before is that one, and keeps its title.
        """
        names = [(i, t.title) for i, t in zip(asked.topic_ids, asked.work.topics, strict=True)]
        titles = {f.topic_id: f.topic for f in self._filed}
        taken = {title for _, title in names}
        for k, found in enumerate(answer.titles, len(names)):
            name = topic_id(self.doc_id, self._sentence_name(asked.start + answer.topics.index(k)))
            title = titles.get(name) or free_title([found], taken)
            taken.add(title)
            names.append((name, title))
        return names

    def _sentence_name(self, at: int) -> str:
        """Return the name of a sentence of the window; it counts those before it that are the same."""
        texts = [s.text for s in islice(self._window, at + 1)]
        its = digest(texts[at])
        before = self._settled_count(self.doc_id, its) + sum(digest(t) == its for t in texts[:at])
        before += pc.sum(pc.equal(self._kept["text"], texts[at])).as_py() or 0
        return sentence_name(its, before + 1)

    def _tell_language(self, texts: list[str]) -> None:
        self.language = detect_language(texts[:TOLD_BY])
        self._is_told = self.filed_end + len(texts) > TOLD_BY

    def _topics_of(self, gone: int) -> dict[int, str | None]:
        """Return the topics of the first filed sentences of the tail, by position."""
        kept = self._kept["topic_id"].slice(0, gone).to_pylist()
        return dict(enumerate([*kept, *(f.topic_id for f in islice(self._filed, gone - len(kept)))], self.first))

    def _rename(self, names: Renamed) -> None:
        """Give topics other ids and titles, because that is what they are called in what was settled."""

        def named(topic: str | None) -> str | None:
            return names[topic][0] if topic is not None and topic in names else topic

        self._heard.rename(names)
        self._before = deque(((text, named(topic)) for text, topic in self._before), maxlen=BEFORE)
        self._run = named(self._run[0]), self._run[1]
        self._filed = deque(rename(filed, names) for filed in self._filed)
        self._kept = rename_rows(self._kept, names)
