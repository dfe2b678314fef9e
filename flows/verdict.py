"""Whether a run was good, in one line, and what to look at if it was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.profile import Profile
from tasks.run import Totals

UNPLACED = 0.01  # share of sentences; above it the run is worth a look
FAILED_CALLS = 0.1  # share of a model's calls


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to say first. concerns: what is wrong and what to do about it, a line each; none: all is well."""

    headline: str
    concerns: tuple[str, ...]

    @property
    def word(self) -> str:
        """The verdict in a word or three."""
        return "Worth a look" if self.concerns else "Good"

    @property
    def line(self) -> str:
        """The verdict on one line."""
        return f"{self.word}: {self.headline}"


def judge(totals: Totals, result: Mapping[str, Any], profile: Profile, learned: bool | None) -> Verdict:
    """Judge a run by its totals and figures. learned: whether the weights were updated; None: not asked for."""
    concerns = []
    if totals.unreadable:
        concerns.append(
            f"{_count(totals.unreadable, 'document')} could not be read: the reason stands below; mend or remove them"
        )
    share = totals.unplaced / totals.sentences if totals.sentences else 0.0
    if share > UNPLACED:
        concerns.append(f"{share:.1%} of the sentences have no place: the reason column of passages says why")
    if totals.unjoined:
        concerns.append(
            f"{_count(totals.unjoined, 'document')} may have one story under several topics, since not all could be "
            "compared: the reason column of documents says why"
        )
    for (role, model), times in sorted(totals.left_out.items()):
        context = profile.model(model).context
        concerns.append(
            f"{_count(times, 'question')} of {role} did not fit the context of {model} ({context.tokens:,} tokens, "
            f"{context.source}), so others answered or it was asked in parts: say its context_tokens if that is wrong"
        )
    if totals.quarantined:
        concerns.append(f"{_count(totals.quarantined, 'row')} failed the audit: read the table quarantine")
    if refused := result["over_budget"]:
        concerns.append(
            f"{_count(refused, 'call')} did not fit the budget of ${profile.limits.max_cost_usd:.2f}: other models "
            "answered; raise limits.max_cost_usd if that is too little"
        )
    for model in sorted({model for _, model in totals.models}):
        did = [d for (_, m), d in totals.models.items() if m == model]
        calls, failed = sum(d.calls for d in did), sum(d.failed for d in did)
        if failed > FAILED_CALLS * calls:
            concerns.append(
                f"{failed} of {calls} calls to {model} failed: see its errors in the table calls, or `nightdesk models`"
            )
    if totals.documents and result["edition"] is None:
        concerns.append("no edition was made: the log says why, and `nightdesk edition` makes it of the tables")
    if learned is False:
        concerns.append("the weights were not updated: the log says why, and the next run catches up")
    if totals.documents or totals.unreadable:
        seconds = sum(totals.stages.values())
        headline = (
            f"{_count(totals.documents, 'document')}, {_count(totals.sentences, 'sentence')} under "
            f"{_count(totals.topics, 'topic')}, {share:.1%} unplaced, ${result['cost_usd']:.2f}, {seconds:.0f} s"
        )
    else:
        headline = "nothing new to read"
    return Verdict(headline, tuple(concerns))


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
