"""The words of following: what arrives from a source, and what one look at all sources finds."""

from dataclasses import dataclass, field

from nightdesk.tasks.reading.sentences import Spoken


@dataclass(frozen=True, slots=True)
class Arrival:
    """New sentences of a stream: a source document that grows, named by its doc_id without date.

    source: as it is called in messages and tables. is_over: nothing more will come (an entry of a feed, a row of a
    .jsonl, a file that came whole, the end of stdin).
    """

    stream: str
    source: str
    sentences: tuple[Spoken, ...]
    title: str | None = None
    is_over: bool = False


@dataclass(slots=True)
class Poll:
    """What one look found.

    cursors: source -> where it is read to, as JSON; to be stored in one transaction with the arrivals, and to be given
    to the next look. troubles: lines that name source, place and way out, each told once.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def add(self, other: "Poll") -> None:
        """Take in what another look found."""
        self.arrivals += other.arrivals
        self.cursors |= other.cursors
        self.troubles += other.troubles
