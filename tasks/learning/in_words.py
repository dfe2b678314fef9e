"""The weights in words: for each role who serves, why, what that saves in a month, and what would change it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.arms import Settings, arm_name
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.learning.catching_up import state_folder

NIGHTS = 30  # of a month
Row = dict[str, Any]


def in_words(out: Path, profile: Profile, rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each role and context of rows of weights, which `weights_rows` has returned."""
    newest, _ = states.latest(state_folder(out, profile.name))
    usual = newest.decisions if newest else {}
    told = []
    for context, own in groupby(rows, key=lambda row: (row["role"], row["language"])):
        told.append(_sentence("/".join(context), list(own), profile.settings(), usual.get(context)))
    return told


def _sentence(where: str, rows: Sequence[Row], settings: Settings, decisions: float | None) -> str:
    leader = max(rows, key=lambda row: row["weight"])
    name = _name(leader)
    others = [row for row in rows if row is not leader]
    if rows[0]["role"] in settings.pins:
        return f"{where}: {name} serves, because the profile pins it; {_saves(leader, rows, decisions)}."
    if not others:
        return f"{where}: {name} serves, because it is the only model; another one would have to be added."
    rival = max(others, key=lambda row: row["value"])
    gap = leader["value"] - rival["value"]
    if gap < 0:
        why = f"though {_name(rival)} looks better by {-gap:.3f}, because too little was judged to be sure of that"
        change = f"{_name(rival)} serves once the next nights bear that out"
    else:
        why = f"because {_compared(leader, rival)}"
        change = _change(leader, rival, gap, settings)
    return f"{where}: {name} serves {leader['weight']:.0%}, {why}; {_saves(leader, rows, decisions)}; {change}."


def _compared(leader: Row, rival: Row) -> str:
    """Say what speaks for the leader against the next best."""
    right = round(100 * (leader["accuracy"] - rival["accuracy"]))
    cheaper = rival["dollars"] - leader["dollars"]
    said = f"is right as often as {_name(rival)}"
    if right:
        said = f"is right in {abs(right)} of 100 answers {'more' if right > 0 else 'less'} than {_name(rival)}"
    if abs(cheaper) * 1000 < 0.005:
        return f"it {said} and costs the same"
    joined = " and" if (right >= 0) == (cheaper > 0) else ", but"
    return f"it {said}{joined} costs ${abs(cheaper) * 1000:.2f} {'less' if cheaper > 0 else 'more'} for 1,000 calls"


def _saves(leader: Row, rows: Sequence[Row], decisions: float | None) -> str:
    """Say what serving saves in a month against the dearest model, judging apart."""
    dearest = max(rows, key=lambda row: row["dollars"])
    saved = dearest["dollars"] - sum(row["weight"] * row["dollars"] for row in rows)
    if dearest is leader or saved <= 0:
        return "it is the dearest, so it saves nothing" if dearest["dollars"] > 0 else "no model costs anything"
    if decisions is None:
        return f"it saves ${1000 * saved:.2f} for 1,000 calls against {_name(dearest)}"
    return f"it saves ${saved * decisions * NIGHTS:.2f} a month against {_name(dearest)}, before judging"


def _change(leader: Row, rival: Row, gap: float, settings: Settings) -> str:
    """Say what would make the next best serve."""
    ways = []
    if settings.v > 0 and rival["accuracy"] + gap / settings.v <= 1:
        ways.append(f"were right in {100 * gap / settings.v:.1f} of 100 answers more")
    if settings.k_cost > 0 and rival["dollars"] - gap / settings.k_cost >= 0:
        ways.append(f"cost ${1000 * gap / settings.k_cost:.2f} less for 1,000 calls")
    if ways:
        return f"{_name(rival)} would serve if it {' or '.join(ways)}"
    return f"{_name(rival)} would serve only if {_name(leader)} became worse by {gap:.3f}"


def _name(row: Row) -> str:
    return arm_name(row["model"], row["lane"])
