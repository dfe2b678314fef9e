"""How a night's evidence is put to what was known: old evidence is discounted, and forgotten where tonight differs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import Evidence
from nightdesk.role_rl.posterior import Spread, spreads
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.strategies import drift
from nightdesk.role_rl.strategies.strategies import STRATEGIES
from nightdesk.role_rl.sufficient_stats import NOTHING, Halves, Key, Sums, Tally, Weighed

FAILING_AFTER = 5
"""An arm of which this many answers, and most, were invalid in one night is failing now, whatever it did before."""


def changed(before: LearnerState, new: Evidence) -> dict[Key, drift.Change]:
    """Return which arms are no longer what they were, and how much of what is known of them goes for that."""
    keys = [key for key in new.tallies if key in before.tallies]
    found = {}
    for context in sorted({key[:2] for key in keys}):
        own = [key for key in keys if key[:2] == context]
        # How arms scatter is asked of what was before: a night that is not like it must not excuse itself.
        for key, scatter in zip(own, spreads([before.tallies[key] for key in own]), strict=True):
            found[key] = drift.change(before.tallies[key], new.tallies[key], scatter)
    return found


def brought_up(
    before: LearnerState,
    after: LearnerState,
    new: Evidence,
    changes: Mapping[Key, drift.Change],
    pool: Sequence[Arm],
    settings: Settings,
) -> LearnerState:
    """Return the version after `before` with what both of them know: old evidence, discounted, and new.

    after: that version without its evidence. changes: of the arms that are no longer what they were.
    """
    # Several runs of one day are one night: a morning of small trial runs must not forget a month.
    is_night = not new.night or new.night > before.night
    kept = settings.discount if is_night else 1.0
    failing = {key for key, tally in new.tallies.items() if fails(tally)}

    scatter: dict[Key, Spread] = {}
    for context in sorted({key[:2] for key in new.tallies}):
        keys = [key for key in new.tallies if key[:2] == context]
        known = [Tally(nights=before.tallies.get(key, Tally()).nights.plus(new.tallies[key].nights)) for key in keys]
        scatter |= dict(zip(keys, spreads(known), strict=True))

    def together(old: Mapping[Key, Tally], tonight: Mapping[Key, Tally]) -> dict[Key, Tally]:
        tallies = {}
        for key in sorted({*old, *tonight}):
            change = changes.get(key, drift.Change())
            left = old.get(key, Tally()).scaled(kept * (1 - change.validity), kept * (1 - change.accuracy))
            if key in failing:
                # A revoked key or a retired model: a long good record would take weeks to be outweighed.
                left = replace(left, answers=0.0, valid=0.0, logged=(Weighed(), *left.logged[1:]))
            both = left
            if key in tonight:
                both = left.plus(tonight[key].independent(scatter[key].alike, new.tallies[key].nights))
            if both.answers >= NOTHING or both.judged:
                tallies[key] = both
        return tallies

    halves: Halves = (
        together(before.halves[0], new.halves[0]),
        together(before.halves[1], new.halves[1]),
    )
    pairs = {
        pair: before.pairs.get(pair, Sums()).scaled(kept).plus(new.pairs.get(pair, Sums()))
        for pair in sorted({*before.pairs, *new.pairs})
    }
    likeness = {
        context: before.likeness.get(context, Sums()).scaled(kept).plus(new.likeness.get(context, Sums()))
        for context in sorted({*before.likeness, *new.likeness})
    }
    decisions, began = dict(before.decisions), dict(before.began)
    for context, count in new.decisions.items():
        usual = decisions.get(context)
        if usual is None:
            decisions[context], began[context] = count, new.night
        elif is_night:
            decisions[context] = (usual + count) / 2
        else:  # more of the last night, of which half is in what is usual; all of it, if there was no other
            decisions[context] = usual + (count if began.get(context) == new.night else count / 2)
    return replace(
        after,
        tallies=together(before.tallies, new.tallies),
        halves=halves,
        pairs={pair: sums for pair, sums in pairs.items() if sums.n >= NOTHING},
        decisions=decisions,
        began=began,
        likeness=likeness,
        memory=STRATEGIES[settings.strategy].learned(before.memory, new, pool, settings),
    )


def fails(tonight: Tally) -> bool:
    """Tell whether an arm is failing now."""
    return tonight.answers >= FAILING_AFTER and tonight.valid < tonight.answers / 2
