"""Every question fits the models that are asked it, and nothing is left out of all questions in silence."""

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.question_size import Budgets, budget
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.roles import topic_finder
from nightdesk.tasks.roles.tokens import question_tokens
from tests.tasks.pools import pool


def test_a_budget_is_the_context_less_what_is_kept_for_the_reply_and_an_embedded_model_has_no_limit() -> None:
    profile = pool(4_000, 100_000, embedded=True)
    assert [budget(spec) for spec in profile.models] == [3_000, 100_000 - 8_192, float("inf")]


@given(st.lists(st.integers(600, 20_000), min_size=1, max_size=4), st.integers(0, 20_000))
def test_a_question_is_held_by_the_models_whose_budget_it_keeps_to(contexts: list[int], tokens: int) -> None:
    profile = pool(*contexts)
    budgets, of = Budgets(profile), {spec.name: budget(spec) for spec in profile.models}
    holding = [name for name in of if of[name] >= tokens]
    assert budgets.holding(of, tokens) == holding
    assert budgets.smallest(tokens) == min((of[name] for name in holding), default=None)
    assert budgets.largest == max(of.values())


def test_a_model_that_only_stands_by_makes_no_question_smaller() -> None:
    budgets = Budgets(pool(2_000, 100_000))
    for share, smallest in ((0.0005, 100_000 - 8_192), (0.05, 1_500)):
        assert budgets.of(Plan({"m0": share, "m1": 1 - share}, 0.0, 0.0, {})).smallest() == smallest


def test_questions_are_not_measured_where_no_model_has_a_limit() -> None:
    request = topic_finder.make_request(["Short."] * 20, "en")
    assert Budgets(load_profile("news")).tokens(request) == 0
    assert Budgets(pool(2_000, embedded=True)).tokens(request) == question_tokens(request) > 0
