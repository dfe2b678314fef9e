"""What a follow may spend: dollars of a date and of an hour of the clock, counted in the journal.

A cap holds chunks back before they are asked: one is let in while what is left covers what a chunk is expected to take.
What the calls of a round may take at most is limited to what is left, too, whatever was expected.
"""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.messages import Role
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.dry_run import dollars_of_document

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS spending (date TEXT NOT NULL, hour TEXT NOT NULL, dollars REAL NOT NULL, "
    "chunks INTEGER NOT NULL, PRIMARY KEY (date, hour)) WITHOUT ROWID",
)
MARGIN = 1.2  # by which a chunk may be dearer than the ones before it
_KEPT_HOURS = 48
_SENTENCE = (
    "Officials said that the harbour bridge would be shut until the engineers have looked at it."  # of usual length
)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most dollars that a follow spends; None: no limit. day: of the date; hour: of one hour of the clock (UTC)."""

    day_usd: float | None = None
    hour_usd: float | None = None


NO_CAPS = Caps()


class Purse:
    """The dollars of a follow on a date.

    expected: what a chunk is expected to take before any was asked, and the most that one call can.
    """

    def __init__(self, db: Database, run_date: date, caps: Caps, expected: tuple[float, float] = (0.0, 0.0)) -> None:
        self._db, self._date, self._caps = db, run_date.isoformat(), caps
        self._chunk_usd, self._call_usd = expected

    def note(self, dollars: float, chunks: int, now: datetime) -> None:
        """Add what calls took. chunks: that were settled by them.

        Raises:
            StoreError: the journal cannot be written.
        """
        if dollars or chunks:
            hour = _hour(now)

            def add() -> None:
                self._db.execute(
                    "INSERT INTO spending VALUES (?, ?, ?, ?) ON CONFLICT (date, hour) DO UPDATE SET "
                    "dollars = dollars + excluded.dollars, chunks = chunks + excluded.chunks",
                    [self._date, hour, dollars, chunks],
                )

            self._db.transact(add)

    def spent(self) -> float:
        """Return the dollars that the date has taken so far."""
        return self._sum("date = ?", self._date)[0]

    def spent_in_hour(self, now: datetime) -> float:
        """Return the dollars that this hour of the clock has taken so far, whatever the date."""
        return self._sum("hour = ?", _hour(now))[0]

    def left(self, now: datetime) -> float:
        """Return the dollars that may be spent now; infinite without a cap. Hours count whatever the date."""
        left = math.inf
        if self._caps.day_usd is not None:
            left = min(left, self._caps.day_usd - self.spent())
        if self._caps.hour_usd is not None:
            left = min(left, self._caps.hour_usd - self.spent_in_hour(now))
        return max(0.0, left)

    @property
    def day_is_spent(self) -> bool:
        """Whether the dollars of the date do not reach for a chunk any more."""
        return self._caps.day_usd is not None and self._reach(self._caps.day_usd - self.spent()) < 1

    def affordable(self, now: datetime) -> float:
        """Return how many chunks what is left reaches for; infinite where they cost nothing."""
        return self._reach(self.left(now))

    def _reach(self, dollars: float) -> float:
        if math.isinf(dollars):
            return math.inf
        took, chunks = self._sum("date = ?", self._date)
        each = took / chunks if chunks else self._chunk_usd
        return math.inf if each <= 0 else math.floor(max(0.0, dollars - self._call_usd) / (MARGIN * each))

    def why(self, now: datetime) -> str:
        """Return what to say of chunks that wait for dollars."""
        day, hour = self._caps.day_usd, self._caps.hour_usd
        caps = [f"${day:.2f} a day" if day is not None else "", f"${hour:.2f} an hour" if hour is not None else ""]
        return (
            f"budget: ${self.left(now):.4f} are left of {' and '.join(filter(None, caps))}; "
            "raise --dollars-per-day or --dollars-per-hour, or limits.max_cost_usd of the profile"
        )

    def _sum(self, where: str, value: str) -> tuple[float, int]:
        ((dollars, chunks),) = self._db.rows(
            f"SELECT coalesce(sum(dollars), 0), coalesce(sum(chunks), 0) FROM spending WHERE {where}", [value]
        )
        return float(dollars), int(chunks)


def expected_dollars(router: Router, weights_version: int) -> tuple[float, float]:
    """Return the dollars that a whole chunk of English is expected to take, and the most that one of its calls can."""
    sentences = router.profile.chunks.sentences
    texts = tuple(f"{k} {_SENTENCE}" for k in range(sentences))
    chunk = Document("", "", "", "en", tuple(str(k) for k in range(sentences)), texts)

    def plan(role: Role) -> Plan:
        return router.plans.whole(weights_version, role, "en")

    return dollars_of_document(chunk, router.profile, Budgets(router.profile), plan)


def let_go(db: Database, run_date: date) -> None:
    """Remove what was counted of dates long before one. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    db.execute(f"DELETE FROM spending WHERE date < date(?, '-{_KEPT_HOURS} hours')", [run_date.isoformat()])


def _hour(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H")
