"""What the nights of some dates would take, before the first of them runs: documents and dollars. Asks no model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from nightdesk.role_rl import state_versions
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.sources import Reading, check_sources, find_sources, there_by
from nightdesk.tasks.reorganizing.dry_run import forecast
from nightdesk.tasks.reorganizing.past_dates.standing import Skips, Standing, standing


@dataclass(slots=True)
class ExpectedNight:
    """What one night would take. by: it takes only files that were last changed by then; None: whatever is there.

    skipped_under: of those that are left out, how many stand under which date.
    unreadable: documents that cannot be read. later: sources that are left to the nights after it.
    why_nothing: why it has nothing to read; "" if it has something.
    fault: why what it has cannot be read; "" if it can.
    """

    run_date: date
    by: datetime | None = None
    documents: int = 0
    sentences: int = 0
    skipped: int = 0
    skipped_under: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    later: int = 0
    calls: float = 0.0
    dollars: float = 0.0
    why_nothing: str = ""
    fault: str = ""

    @property
    def has_work(self) -> bool:
        """Tell whether there is anything to run; what cannot be read is no reason to run a night for it."""
        return self.documents > 0


@dataclass(slots=True)
class Expected:
    """What all nights would take, oldest first."""

    nights: list[ExpectedNight] = field(default_factory=list)
    max_cost_usd: float | None = None  # of one night

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return a row a night, for tables."""
        return [
            {
                "run_date": n.run_date.isoformat(),
                "documents": n.documents,
                "sentences": n.sentences,
                "skipped": n.skipped,
                "unreadable": n.unreadable,
                "calls": round(n.calls, 1),
                "cost_usd": round(n.dollars, 4),
                "why_nothing": n.fault or n.why_nothing,
            }
            for n in self.nights
        ]

    @property
    def line(self) -> str:
        """Say how many nights, documents and dollars."""
        nights, documents = sum(n.has_work for n in self.nights), sum(n.documents for n in self.nights)
        dollars, skipped = sum(n.dollars for n in self.nights), sum(n.skipped for n in self.nights)
        faults = sum(bool(n.fault) for n in self.nights)
        rest = len(self.nights) - nights - faults
        parts = [f"{many(documents, 'document')}, about ${dollars:.4f}"]
        parts += [f"{many(rest, 'date')} with nothing to do"] if rest else []
        parts += [f"{skipped} left out as they stand in the tables"] if skipped else []
        parts += [f"{many(faults, 'night')} cannot be run"] if faults else []
        if unreadable := sum(n.unreadable for n in self.nights):
            parts.append(f"{unreadable} cannot be read")
        return f"{many(nights, 'night')} to run: {'; '.join(parts)}"


def until_the_end(
    days: Sequence[date], due: Mapping[date, datetime] | None = None, now: datetime | None = None
) -> list[tuple[date, datetime | None]]:
    """Return by when files must have been there for each night: until it was due, or else the end of its date.

    For today and later there is no such moment: such a night takes whatever is there. now: where the schedule is.
    """
    now = now or datetime.now().astimezone()

    def end(day: date) -> datetime:
        return datetime.combine(day, time(23, 59, 59), now.tzinfo)

    return [(day, None if day >= now.date() else (due or {}).get(day) or end(day)) for day in days]


def expect(
    out: Path,
    profile: Profile,
    arguments: Sequence[str],
    text_id: str,
    nights: Iterable[tuple[date, datetime | None]],
    is_all: bool,
    fail_on_missing: bool = False,
) -> Expected:
    """Foretell what the nights of these dates would take, one after the other.

    nights: each with the moment by which files must have been there; None: whatever is there. is_all: take what stands
    in the tables, too. fail_on_missing: a night of which a source is missing cannot be run.

    Raises:
        InputError: no night has anything that it could read.
    """
    with closing(standing(out)) as known:
        terms = Fetching.of_run(profile.fetch, out, only_looks=True)
        newest, _ = state_versions.latest(state_folder(out, profile.name))
        result = Expected(max_cost_usd=profile.limits.max_cost_usd)
        first_error: InputError | None = None
        for run_date, by in nights:
            night = ExpectedNight(run_date, by)
            result.nights.append(night)
            try:
                find_sources(list(arguments), run_date, text_id, missing=[])
            except InputError as e:
                first_error = first_error or e
                night.why_nothing = str(e)
                continue
            try:
                reading = check_sources(
                    list(arguments), run_date, text_id, True, profile.reading.cpu_s, terms, fail_on_missing
                )
            except InputError as e:
                night.fault = str(e)
                continue
            if by is not None:
                whole = len(reading.sources)
                reading = there_by(reading, list(arguments), run_date, by)
                night.later = whole - len(reading.sources)
                if not reading.sources:
                    night.why_nothing = f"all of its sources were changed after {by:%Y-%m-%d %H:%M}"
            skips = Skips(known, run_date, arguments, is_all)
            rows = forecast(_counted(reading, night, skips, known), profile, newest).rows
            night.skipped_under = {str(day): n for day, n in sorted(skips.under.items())}
            night.calls = sum(r["calls"] + r["judge_calls"] for r in rows)
            night.dollars = sum(r["cost_usd"] for r in rows)
        if first_error is not None and all(n.why_nothing for n in result.nights):
            raise first_error
        return result


def _counted(reading: Reading, night: ExpectedNight, skips: Skips, known: Standing) -> Iterator[Document]:
    """Yield the documents that a night would run, and count them and the others."""
    taken: list[tuple[str, str]] = []
    for document in reading.documents():
        if isinstance(document, Unreadable):
            night.unreadable += 1
        elif skips.leaves_out(document):
            night.skipped += 1
        else:
            night.documents += 1
            night.sentences += len(document.texts)
            taken.append((document.doc_id, document.content_hash))
            yield document
    for doc_id, content_hash in taken:  # for the nights after it
        known.add(doc_id, content_hash, night.run_date)


def many(number: int, what: str) -> str:
    """Return a number of things, as in "1 night" and "2 nights"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
