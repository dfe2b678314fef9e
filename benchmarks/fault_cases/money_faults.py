"""Providers that stumble, and what they are paid: storms of errors, hanging and broken replies, absurd usage figures,
budgets, and two runs of one OUT at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.nights import DAY, Night, coverage, one_model, row, rows

ABSURD = "{ huge_usage = 0.25, null_usage = 0.25, zero_usage = 0.25, negative_usage = 0.25 }"
COSTS = ["cost_usd", "usage_estimated", "from_cache", "attempts", "valid", "answer_key"]
OUTAGE = "outage_s = 12.0"  # the profile's default is three minutes
SHORT = 'form = "json_schema"\nmax_output_tokens = 256\n'  # a call's reserve is near what it costs


def cases() -> dict[str, Callable[[Path, dict[str, str]], dict[str, Any]]]:
    """Return fault -> what performs it."""
    return {
        "storm of 429": lambda f, e: _storm(f, e, "rate_limited_silently", 12),
        "storm of 500": lambda f, e: _storm(f, e, "server_error", 12, "out since", "answers again"),
        "replies cut off": lambda f, e: _storm(f, e, "cut", 4),
        "replies that are not JSON": lambda f, e: _storm(f, e, "truncated", 4),
        "500 to everything": _always_500,
        "connections that hang": _hanging,
        "timeouts count against the budget": _hanging_budget,
        "absurd usage figures": _absurd,
        "connection refused at the start": _nobody_there,
        "a small budget": _small_budget,
        "a budget of nothing": _no_budget,
        "two runs of one date at once": lambda f, e: _two_runs(f, e, "2026-03-01"),
        "two runs of two dates at once": lambda f, e: _two_runs(f, e, "2026-03-02"),
    }


def _storm(folder: Path, env: dict[str, str], fault: str, times: int, *said: str) -> dict[str, Any]:
    """Have the first requests fail, then none."""
    with one_model(folder, limits="outage_s = 60.0", model=SHORT) as (server, profile):
        server.control("trouble", fault=fault, times=times)
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered, failed = coverage(night), night.result["failed"]
    is_told = all(words in night.said for words in said)
    right = night.exit_code == 0 and covered == 1.0 and failed == 0 and counts["paid_again"] == 0 and is_told
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _always_500(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder, faults="{ server_error = 1.0 }", limits=OUTAGE) as (server, profile):
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(night)
    reasons = {r["reason"] for r in rows(night.out, "passages", ["reason"])}
    right = night.exit_code == 1 and covered == 1.0 and night.result["failed"] == night.result["sentences"]
    right &= "Bad" in night.message and "out since" in night.message and night.result["cost_usd"] == 0
    right &= all("north is out since" in reason for reason in reasons) and counts["requests"] < 60
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _hanging(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    limits = f"call_timeout_s = 1.0\nattempts = 2\n{OUTAGE}"
    with one_model(folder, faults="{ slow = 1.0 }", limits=limits, model=SHORT) as (server, profile):
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(night)
    right = night.exit_code == 1 and covered == 1.0 and "out since" in night.message and _is_booked(night)
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _hanging_budget(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    limits = f"call_timeout_s = 1.0\nattempts = 2\n{OUTAGE}"
    with one_model(folder, faults="{ slow = 1.0 }", limits=limits, dollars=0.05, model=SHORT) as (server, profile):
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered, result = coverage(night), night.result
    right = night.exit_code == 1 and covered == 1.0 and 0 < result["cost_usd"] <= 0.05 and _is_booked(night)
    right &= result["unpaid"] > 0
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _is_booked(night: Night) -> bool:
    """Tell whether every call that was sent and not answered stands in `calls` at a price, marked as estimated."""
    sent = [r for r in rows(night.out, "calls", COSTS) if r["attempts"]]
    booked = sum(r["cost_usd"] for r in sent)
    is_marked = all(r["usage_estimated"] and r["cost_usd"] > 0 for r in sent)
    return bool(sent) and is_marked and abs(booked - night.result["cost_usd"]) < 1e-5


def _absurd(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder, faults=ABSURD, dollars=1.0, model=SHORT) as (server, profile):
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(night)
    calls = [r for r in rows(night.out, "calls", COSTS) if r["attempts"]]
    right = night.exit_code == 0 and covered == 1.0 and night.result["failed"] == 0 and night.result["unpaid"] == 0
    right &= all(r["usage_estimated"] and 0 < r["cost_usd"] < 0.01 for r in calls) and counts["paid_again"] == 0
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _nobody_there(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder) as (_, profile):
        pass  # the server has ended, and its port is free
    night = Night(folder / "out", env, options=("--profile", profile)).end()
    right = night.exit_code == 2 and "cannot be reached" in night.message and not (folder / "out" / "tables").exists()
    return row("", "refused", night, right)


def _small_budget(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """Have dollars for some documents, then for all."""
    source = _documents(folder, 6)
    with one_model(folder, dollars=0.02, model=SHORT) as (server, profile):
        night = Night(folder / "out", env, (source,), ("--profile", profile)).end()
        placed = _placed(night)
        plenty = profile.read_text(encoding="utf-8").replace("max_cost_usd = 0.02", "max_cost_usd = 9.0")
        profile.write_text(plenty, encoding="utf-8")
        again = Night(folder / "out", env, (source,), ("--profile", profile)).end()
        counts = server.counts()
    covered, whole = coverage(night), {share for share in placed.values() if share}
    waiting = [name for name, share in placed.items() if not share]
    right = night.exit_code == 0 and covered == 1.0 and whole == {1.0} and bool(waiting)
    right &= 0 < night.result["cost_usd"] <= 0.02 and all(name in night.said for name in waiting)
    right &= again.exit_code == 0 and set(_placed(again).values()) == {1.0} and counts["paid_again"] == 0
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _no_budget(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    with one_model(folder, dollars=0.0, model=SHORT) as (server, profile):
        night = Night(folder / "out", env, options=("--profile", profile)).end()
        counts = server.counts()
    covered = coverage(night)
    right = night.exit_code == 1 and covered == 1.0 and night.result["unpaid"] == night.result["sentences"]
    right &= counts["requests"] == 0 and "Bad" in night.message and "limits.max_cost_usd" in night.message
    return row("", "finished", night, right, coverage=covered, paid_again=counts["paid_again"])


def _two_runs(folder: Path, env: dict[str, str], other: str) -> dict[str, Any]:
    """Run the same documents twice at once, for one date or for two."""
    with one_model(folder, model=SHORT) as (server, profile):
        first = Night(folder / "out", env, options=("--profile", profile))
        second = Night(folder / "out", env, options=("--profile", profile, "--date", other))
        first.start()
        second.start()
        nights = [first.end(), second.end()]
        counts = server.counts()
    covered = min(_covered_of(first.out, day) / first.result["sentences"] for day in {DAY, other})
    right = all(n.exit_code == 0 and n.result["failed"] == 0 for n in nights) and covered == 1.0
    right &= counts["duplicates"] == 0
    waits = [n for n in nights if "this one waits" in n.said]
    right &= len(waits) == (1 if other == DAY else 0)
    told = next((line for n in waits for line in n.said.splitlines() if "this one waits" in line), first.message)
    return row("", "finished", second, right, coverage=covered, paid_again=counts["paid_again"], message=told[:160])


def _documents(folder: Path, n: int) -> Path:
    """Write documents of some thirty sentences."""
    source = folder / "in"
    source.mkdir()
    for k in range(n):
        lines = [f"Officials said that bridge {k} would be shut for {j} days. " for j in range(30)]
        (source / f"doc{k}.txt").write_text("".join(lines), encoding="utf-8")
    return source


def _placed(night: Night) -> dict[str, float]:
    """Return the share of each document's sentences that have a place."""
    found: dict[str, list[bool]] = {}
    for r in rows(night.out, "passages", ["doc_id", "category"]):
        found.setdefault(r["doc_id"], []).append(r["category"] != "unplaced")
    return {name: sum(its) / len(its) for name, its in found.items()}


def _covered_of(out: Path, day: str) -> int:
    """Count the sentences that a date has, each once."""
    its = [r for r in rows(out, "passages", ["doc_id", "position", "run_date"]) if str(r["run_date"]) == day]
    distinct = {(r["doc_id"], r["position"]) for r in its}
    return len(distinct) if len(distinct) == len(its) else -1
