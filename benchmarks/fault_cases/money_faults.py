"""Providers that stumble, and what they are paid: storms of errors, hanging and broken replies, absurd usage figures,
budgets, and two runs of one OUT at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.nights import Night, coverage, one_model, row, rows

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
