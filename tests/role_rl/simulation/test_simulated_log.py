"""A played night's rows are those that a run publishes."""

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import gather
from nightdesk.role_rl.sampling import Plan, decide
from nightdesk.role_rl.simulation.simulated_log import Logbook
from nightdesk.role_rl.sufficient_stats import Key


def test_the_learner_reads_a_logbook_as_it_reads_a_run(pool: tuple[Arm, ...]) -> None:
    settings, at = Settings("news"), ("topic_finder", "en")
    drawn = decide(("unit",), Plan({"strong": 1.0, "cheap": 0.0}, 0.0, 1.0, {"cheap": 1.0}))
    strong, cheap, third = pool
    log = Logbook(7, settings)
    served = log.call("d", at, strong, drawn, valid=False, dollars=0.01, seconds=1.0)
    log.call("d", at, strong, None, valid=True, dollars=0.02, seconds=2.0, repairs=served)
    duel = log.call("d", at, cheap, drawn, valid=True, dollars=0.001, seconds=1.0)
    log.judgement(duel, third, 0.75, 1.0, 0.005)
    new = gather(*log.tables(), pool, settings)
    first, second = new.tallies[Key(*at, "strong")], new.tallies[Key(*at, "cheap")]
    assert (first.answers, first.valid, first.cost.total) == (1, 0, 0.03)
    assert (second.answers, second.judged["third"].total) == (1, 0.75)
    assert (new.run_ids, new.night, new.decisions) == (("night-7",), "2026-01-08", {at: 1})
