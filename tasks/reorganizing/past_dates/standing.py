"""What stands in the tables already, for a run of a date that was named: a document is to stand under one date.

Sources without {run_date} hold what there is today, whatever date the run is for. So under "only what is missing" a
document is left out if

- it stands under another date with the same text;
- it stands under a later date, whatever its text: what the source has now is no older than that;
- it stands under this very date with the same text, and no sentence of it was lost.

The second does not hold for sources that name {run_date}: what these hold is of that date, and other dates have other
documents of the same id. Documents of dates that were pruned count as if they stood, because otherwise they would be
run again as new ones; what is said tells them apart.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from nightdesk.tasks.reading.documents import Document, shown
from nightdesk.tasks.tables.index.known_documents import KnownDocuments

DATE = "{run_date}"


@dataclass(slots=True)
class Standing:
    """What stands in `documents`: under which dates each text of each document, and each document in any text.

    known: what was published; a document is looked up in it when it is first asked for. None: nothing was.
    pruned: (doc_id, date) of those that stood there until the date was pruned.
    """

    known: KnownDocuments | None = None
    texts: dict[tuple[str, str], set[date]] = field(default_factory=dict)
    ids: dict[str, set[date]] = field(default_factory=dict)
    lost: set[tuple[str, str, date]] = field(default_factory=set)  # a part of these is missing
    pruned: set[tuple[str, date]] = field(default_factory=set)
    _looked_up: set[str] = field(default_factory=set)

    def add(self, doc_id: str, content_hash: str, day: date, is_whole: bool = True) -> None:
        """Note that a document stands, or is about to stand, under a date."""
        self.texts.setdefault((doc_id, content_hash), set()).add(day)
        self.ids.setdefault(doc_id, set()).add(day)
        self.pruned.discard((doc_id, day))
        if not is_whole:
            self.lost.add((doc_id, content_hash, day))

    def elsewhere(self, document: Document, run_date: date) -> date | None:
        """Return another date under which a document stands with this text, the newest; pruned ones come last."""
        self._look_up(document.doc_id)
        others = [d for d in self.texts.get(_key(document), ()) if d != run_date]
        return max(others, key=lambda d: ((document.doc_id, d) not in self.pruned, d), default=None)

    def covers(self, document: Document, run_date: date, is_dated: bool) -> date | None:
        """Return the date under which a document stands, so that nothing of it is missing under run_date.

        is_dated: its source names {run_date}.
        """
        if (other := self.elsewhere(document, run_date)) is not None:
            return other
        if run_date in self.texts.get(_key(document), ()) and (*_key(document), run_date) not in self.lost:
            return run_date
        later = [] if is_dated else [d for d in self.ids.get(document.doc_id, ()) if d > run_date]
        return min(later, default=None)

    def close(self) -> None:
        """Close the index; what was not looked up until then cannot be."""
        if self.known is not None:
            self.known.close()

    def _look_up(self, doc_id: str) -> None:
        if self.known is None or doc_id in self._looked_up:
            return
        self._looked_up.add(doc_id)
        found = self.known.of_ids([doc_id])
        for d in found:
            if d.content_hash is not None:
                self.add(d.doc_id, d.content_hash, d.run_date, is_whole=not d.lost)
        there = {d.run_date for d in found if not d.is_pruned}
        self.pruned |= {(doc_id, d.run_date) for d in found if d.run_date not in there}


@dataclass(slots=True)
class Skips:
    """What a run for a named date leaves out; where is_all, it takes everything and only counts what stands elsewhere.

    under: date -> documents that were left out because they stand under it; also_under: that were taken all the same.
    under_pruned, also_under_pruned: those of them that stood there until the date was pruned.
    """

    standing: Standing
    run_date: date
    arguments: Sequence[str]
    is_all: bool = False
    under: Counter[date] = field(default_factory=Counter)
    also_under: Counter[date] = field(default_factory=Counter)
    under_pruned: Counter[date] = field(default_factory=Counter)
    also_under_pruned: Counter[date] = field(default_factory=Counter)

    def leaves_out(self, document: Document) -> bool:
        """Tell whether a document is left out, and count it."""
        if self.is_all:
            day, under, pruned = (
                self.standing.elsewhere(document, self.run_date),
                self.also_under,
                self.also_under_pruned,
            )
        else:
            is_dated = names_its_date(document, self.arguments, self.run_date)
            day, under, pruned = self.standing.covers(document, self.run_date, is_dated), self.under, self.under_pruned
        if day is None:
            return False
        under[day] += 1
        pruned[day] += (document.doc_id, day) in self.standing.pruned
        return not self.is_all

    def lines(self) -> list[str]:
        """Say what was left out, and what stands, or stood until it was pruned, under two dates now."""
        left_out, filed = f"left out for {self.run_date}, because", f"filed under {self.run_date}"
        again, missing = "'everything again' takes them", "'only what is missing' leaves them out"
        since, since_all = "under a date that was pruned since", "under dates that were pruned since"
        said = [
            (
                self.under - self.under_pruned,
                f"was {left_out} it stands in the tables already",
                f"were {left_out} they stand in the tables already",
                again,
            ),
            (
                self.under_pruned,
                f"was {left_out} it was published {since}",
                f"were {left_out} they were published {since_all}",
                again,
            ),
            (
                self.also_under - self.also_under_pruned,
                f"{filed} stands under another date, too",
                f"{filed} stand under another date, too",
                missing,
            ),
            (
                self.also_under_pruned,
                f"{filed} was published {since}, too",
                f"{filed} were published {since_all}, too",
                missing,
            ),
        ]
        return [_line(+under, one, many, way) for under, one, many, way in said if under.total()]


def standing(out: Path) -> Standing:
    """Return what stands in OUT, under all of its dates.

    Raises:
        PublishError: the index of documents cannot be read or written.
    """
    return Standing(KnownDocuments(out))


def names_its_date(document: Document, arguments: Iterable[str], run_date: date) -> bool:
    """Tell whether a document comes from a source with {run_date}."""
    dated = (shown(a.replace(DATE, run_date.isoformat())) for a in arguments if DATE in a)
    return any(document.source.startswith(_fixed(a)) for a in dated)


def _key(document: Document) -> tuple[str, str]:
    return document.doc_id, document.content_hash


def _fixed(argument: str) -> str:
    """Return what an argument names before its first wildcard."""
    return argument[: min((argument.find(c) for c in "*?[" if c in argument), default=len(argument))]


def _line(under: Counter[date], one: str, many: str, way: str) -> str:
    number = under.total()
    return f"{number} {f'documents {many}' if number > 1 else f'document {one}'} ({_counted(under)}); {way}"


def _counted(dates: Counter[date]) -> str:
    shown_first = [f"{day}: {number}" for day, number in sorted(dates.items(), reverse=True)]
    more = f", and on {len(shown_first) - 5} dates before" if len(shown_first) > 5 else ""
    return ", ".join(shown_first[:5]) + more
