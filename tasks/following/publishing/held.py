"""What is settled and not published yet, in the journal: the rows of each round, and the parts that they go to.

A round is held in the transaction that marks its sentences as settled. Its parts are assigned then, so publishing it
again after a kill writes the same rows to the same places. Passages go to the open part of the date, until that holds
OPEN_ROWS; the rows of a document and of a topic stay in the part that was open when they began.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.following.settling.settled import Settled

OPEN_ROWS = 5_000  # sentences (and documents that began) of the open part, from which on the next one is begun
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS stream_parts (number INTEGER PRIMARY KEY AUTOINCREMENT, date TEXT NOT NULL, "
    "name TEXT NOT NULL, rows INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS row_places (doc_id TEXT NOT NULL, topic_id TEXT NOT NULL, part INTEGER NOT NULL, "
    "sentences INTEGER NOT NULL DEFAULT 0, stands INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (doc_id, topic_id)) "
    "WITHOUT ROWID",  # topic_id: "" of a row of `documents`; sentences: that are published under the topic
    "CREATE TABLE IF NOT EXISTS refused (doc_id TEXT NOT NULL, position INTEGER NOT NULL, topic_id TEXT NOT NULL, "
    "PRIMARY KEY (doc_id, position)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS held_rounds (number INTEGER PRIMARY KEY AUTOINCREMENT, date TEXT NOT NULL, "
    "name TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS held_rows (round INTEGER NOT NULL, doc_id TEXT NOT NULL, slices TEXT NOT NULL, "
    "rows BLOB NOT NULL, PRIMARY KEY (round, doc_id)) WITHOUT ROWID",
)
_OF_DOCUMENT = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """Sentences of a document, first to last position, that go to one part."""

    part: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """What a round has of a document, and where it goes.

    parts: topic_id -> part of its row; "" -> part of the document's row. before: topic_id -> its sentences that are
    published already. standing: topics of which a row is published. refused: position -> topic_id of sentences that an
    audit has made unplaced in earlier rounds. never: how many of its topics no audit has let pass.
    """

    settled: Settled
    slices: Sequence[Slice]
    parts: Mapping[str, str]
    before: Mapping[str, int]
    standing: frozenset[str]
    refused: Mapping[int, str]
    never: int

    @property
    def document_part(self) -> str:
        """The part that its row of `documents` goes to."""
        return self.parts[_OF_DOCUMENT]


@dataclass(frozen=True, slots=True)
class Round:
    """What was settled together. name: of its part of quarantine."""

    number: int
    run_date: date
    name: str
    documents: Sequence[HeldDocument]


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a document of a round. topics: topic_id -> its sentences of this round, of those that stand.

    refused: position -> topic_id of sentences that the audit has made unplaced.
    """

    doc_id: str
    last: int
    topics: Mapping[str, int]
    refused: Mapping[int, str]


def hold(
    db: Database,
    run_date: date,
    settled: Sequence[Settled],
    run_id: str,
    attempt: str,
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> None:
    """Store what a round has settled, and assign it to parts. Called within a transaction of the journal.

    db: of the journal. settled: one for each document at most. run_id, attempt: of the process, as for
    places.part_name; new parts are named by them. is_forgotten: whether a document was forgotten meanwhile; it is
    left out.

    Raises:
        StoreError: the journal cannot be written.
    """


def next_round(db: Database, run_date: date) -> Round | None:
    """Return the oldest round of a date that is held.

    Raises:
        StoreError: the journal cannot be read.
    """


def mark_published(db: Database, number: int, filed: Sequence[Filed]) -> None:
    """Note that a round is published, and let go its rows. A transaction of its own.

    Raises:
        StoreError: the journal cannot be written.
    """


def forget(db: Database, doc_id: str) -> int:
    """Remove a document from all that is held; return in how many rounds it was. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """


def let_go(db: Database, run_date: date) -> None:
    """Remove what is known of the parts of a date that is closed. Called within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
