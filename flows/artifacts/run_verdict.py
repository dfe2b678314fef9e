"""Whether a run was good, in one line, and what to look at if it was not.

Good: nothing was lost, and nothing unusual was spent. Worth a look: something was. Bad: models failed on more sentences
than `limits.max_unplaced`, the budget was enough for no document, or the audit withheld a batch; such a night is not
done, and is run again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.reorganizing.totals import Totals

UNPLACED = 0.01  # share of sentences that are unplaced for reasons of the text's own; above it the run is worth a look
NAMED = 5  # documents that are named in a line
LABELS = frozenset(
    {"audit withheld", "budget too small", "calls lost", "context too small", "earlier night", "given up", "model out",
     "models failed", "no edition", "not learned", "over budget", "quarantined", "source missing", "stories not joined",
     "unpaid", "unplaced", "unreadable"}
)  # fmt: skip  # of concerns: tags of a run
LOST_CALLS = 0.1  # share of a model's calls that got no answer, not even repaired


class Concern(NamedTuple):
    """What was lost or spent: a label of two or three words, and a line that also says what to do about it."""

    label: str
    line: str


class Budget(NamedTuple):
    """The dollars that a run has. what: with their number. setting: what the profile calls them."""

    what: str
    setting: str


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """What to say first. concerns: what was lost or spent and what to do about it, a line each; none: all is well.

    faults: those of the concerns that make the run bad. labels: the concerns in two or three words each.
    is_stopped: it was cancelled, and tells of what stands.
    """

    headline: str
    concerns: tuple[str, ...]
    faults: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    is_stopped: bool = False

    @property
    def word(self) -> str:
        """The verdict in a word or three."""
        if self.is_stopped:
            return "Cancelled"
        if self.faults:
            return "Bad"
        return "Worth a look" if self.concerns else "Good"

    @property
    def line(self) -> str:
        """The verdict on one line, with why a run is bad, or the first thing to look at."""
        why = list(self.faults or self.concerns[:1])
        if more := len(self.concerns) - len(why):
            why.append(f"{_count(more, 'more concern')} in its summary")
        return f"{self.word}: {'; '.join([self.headline, *why])}"

    @property
    def tags(self) -> list[str]:
        """The verdict and the labels of the concerns, as tags of the run."""
        return [self.word.lower(), *self.labels]


def judge(
    totals: Totals,
    result: Mapping[str, Any],
    profile: Profile,
    learned: bool | None,
    absent: Mapping[str, str] | None = None,
    earlier: Sequence[str] = (),
    budget: Budget | None = None,
) -> RunVerdict:
    """Judge a run by its totals and figures.

    learned: whether the weights were updated; None: not asked for. absent: models that did not serve for all of the
    run, and why. earlier: concerns about what was run before tonight's documents. budget: None: that of the profile.
    """
    of_run = f"the budget of ${profile.limits.max_cost_usd:.2f}", "limits.max_cost_usd"
    budget = budget or Budget(*of_run)
    faults = tuple(_faults(totals, profile, absent or {}, budget))
    before = (Concern("earlier night", line) for line in earlier)
    concerns = (*faults, *before, *_concerns(totals, result, profile, learned, absent, budget))
    return RunVerdict(
        _headline(totals, result),
        concerns=tuple(c.line for c in concerns),
        faults=tuple(c.line for c in faults),
        labels=tuple(dict.fromkeys(c.label for c in concerns)),
    )


def _faults(totals: Totals, profile: Profile, absent: Mapping[str, str], budget: Budget) -> Iterator[Concern]:
    most = profile.limits.max_unplaced
    if totals.failed > most * totals.sentences:
        gone = "; ".join(f"{model}: {why}" for model, why in sorted(absent.items()))
        gone = f" ({gone})" if gone else ""
        yield Concern(
            "models failed",
            f"models failed on {totals.failed / totals.sentences:.1%} of the sentences, more than the {most:.1%} of "
            f"limits.max_unplaced{gone}: the reason column of passages says why; the next night "
            "runs them again",
        )
    if totals.unpaid and not totals.placed:
        yield Concern(
            "budget too small",
            f"{budget.what} is enough for no document: raise {budget.setting} in the profile; {_waiting(totals)}",
        )
    if totals.withheld:
        yield Concern(
            "audit withheld",
            f"the audit withheld {_count(len(totals.withheld), 'batch', 'batches')}: {'; '.join(totals.withheld)}",
        )


def _concerns(
    totals: Totals,
    result: Mapping[str, Any],
    profile: Profile,
    learned: bool | None,
    absent: Mapping[str, str] | None,
    budget: Budget,
) -> Iterator[Concern]:
    yield from _lost(totals, profile, budget)
    for (role, model), times in sorted(totals.left_out.items()):
        context = profile.model(model).context
        yield Concern(
            "context too small",
            f"{_count(times, 'question')} of {role} did not fit the context of {model} ({context.tokens:,} tokens, "
            f"{context.source}), so others answered or it was asked in parts: say its context_tokens if that is wrong",
        )
    if refused := result["over_budget"]:
        yield Concern(
            "over budget",
            f"{_count(refused, 'call')} did not fit the budget of ${profile.limits.max_cost_usd:.2f}: other models "
            "answered where they could; raise limits.max_cost_usd if that is too little",
        )
    for model, why in sorted((absent or {}).items()):
        yield Concern(
            "model out", f"{model} was out for a while or for all of the run: {why}; see `nightdesk models --check`"
        )
    for model in sorted({model for _, model in totals.models} - set(absent or ())):
        did = [d for (_, m), d in totals.models.items() if m == model]
        calls, lost = sum(d.calls for d in did), sum(d.lost for d in did)
        if lost > LOST_CALLS * calls:
            yield Concern(
                "calls lost",
                f"{lost} of {calls} calls to {model} got no answer, so that others answered: see its errors in the "
                "table calls, or `nightdesk models`",
            )
    if totals.documents and result["edition"] is None:
        yield Concern(
            "no edition", "no edition was made: the log says why, and `nightdesk edition` makes it of the tables"
        )
    if learned is False:
        yield Concern("not learned", "the weights were not updated: the log says why, and the next run catches up")


def _lost(totals: Totals, profile: Profile, budget: Budget) -> Iterator[Concern]:
    """Yield what of the documents was lost, in less than bad numbers."""
    if totals.missing:
        yield Concern("source missing", f"{_count(len(totals.missing), 'source')} missing: {'; '.join(totals.missing)}")
    if totals.unreadable:
        yield Concern(
            "unreadable",
            f"{_count(totals.unreadable, 'document')} could not be read: the run's summary says why; mend or remove "
            f"{'it' if totals.unreadable == 1 else 'them'}",
        )
    if 0 < totals.failed <= profile.limits.max_unplaced * totals.sentences:
        yield Concern(
            "models failed",
            f"models failed on {_count(totals.failed, 'sentence')}: the reason column of passages says why; the next "
            "night takes their documents up again",
        )
    if totals.unpaid and totals.placed:
        yield Concern(
            "unpaid",
            f"{budget.what} did not reach for {_count(totals.unpaid, 'sentence')}: {_waiting(totals)}, or raise "
            f"{budget.setting}",
        )
    if totals.given_up:
        yield Concern(
            "given up",
            f"{_count(totals.given_up, 'document')} had been taken up again on enough nights, and was given up: "
            "the reason column of documents says why; `nightdesk run` on their date tries once more",
        )
    own = totals.unplaced - totals.failed - totals.unpaid
    if totals.sentences and own / totals.sentences > UNPLACED:
        yield Concern(
            "unplaced",
            f"{own / totals.sentences:.1%} of the sentences have no place for reasons of their own: the reason column "
            "of passages says why",
        )
    if totals.unjoined:
        yield Concern(
            "stories not joined",
            f"{_count(totals.unjoined, 'document')} may have one story under several topics, since not all could be "
            "compared: the reason column of documents says why",
        )
    if totals.quarantined:
        yield Concern("quarantined", f"{_count(totals.quarantined, 'row')} failed the audit: read the table quarantine")


def _waiting(totals: Totals) -> str:
    """Say what becomes of the documents that dollars did not reach for."""
    some = ", ".join(totals.waiting[:NAMED])
    more = f" and {len(totals.waiting) - NAMED:,} more" if len(totals.waiting) > NAMED else ""
    who = f"{_count(len(totals.waiting), 'document')} ({some}{more})" if some else "their documents"
    return f"the next night takes {who} up again"


def _headline(totals: Totals, result: Mapping[str, Any]) -> str:
    if not totals.documents and not totals.unreadable:
        return "nothing was published" if totals.withheld else "nothing new to read"
    share = totals.unplaced / totals.sentences if totals.sentences else 0.0
    seconds = sum(totals.stages.values())
    return (
        f"{_count(totals.documents, 'document')}, {_count(totals.sentences, 'sentence')} under "
        f"{_count(totals.topics, 'topic')}, {share:.1%} unplaced, ${result['cost_usd']:.2f}, {seconds:.0f} s"
    )


def _count(n: int, what: str, many: str = "") -> str:
    return f"{n:,} {what if n == 1 else many or f'{what}s'}"
