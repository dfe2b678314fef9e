"""Claims: a question that another run has in flight is not asked as well."""

from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store


def test_a_question_that_another_run_has_in_flight_is_its_own_until_it_gives_it_back(tmp_path: Path) -> None:
    one, other = Store(tmp_path, "run-1"), Store(tmp_path, "run-2")
    assert one.claims.take("a", 60.0)
    assert one.claims.take("a", 60.0)  # its own, once more
    assert not other.claims.take("a", 60.0)
    assert other.claims.take("b", 60.0)
    other.claims.give_back(["a"])  # not its to give
    assert not other.claims.take("a", 60.0)
    one.claims.give_back(["a"])
    assert other.claims.take("a", 60.0)
    one.close()
    other.close()


def test_the_claims_of_a_run_that_is_over_or_too_old_are_void(tmp_path: Path) -> None:
    one, other = Store(tmp_path, "run-1"), Store(tmp_path, "run-2")
    assert one.claims.take("a", 60.0)
    assert one.claims.take("b", 60.0)
    assert other.claims.take("a", 0.0)
    one.close()
    assert other.claims.take("b", 60.0)
    other.close()
