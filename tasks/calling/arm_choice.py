"""Who chooses among the arms for a question: the weights of the night, or a belief about the stream that it is of."""

from typing import Protocol

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.call_rows import Unit


class ArmChoice(Protocol):
    """Chooses the plan that a question's arm is drawn by, from what is known of its own document or stream alone.

    The draw itself is the router's, so that every decision carries its propensity.
    """

    def choose(self, unit: Unit, plan: Plan) -> Plan:
        """Return the plan to draw by. plan: what the weights of the night say."""
        ...

    def judged(self, unit: Unit, arm: str, accuracy: float) -> None:
        """Take note that an arm's answer was judged. accuracy: 0 to 1."""
        ...


class NightlyWeights:
    """The weights of the night, which do not change before it is over."""

    def choose(self, unit: Unit, plan: Plan) -> Plan:
        """Return the plan as it is."""
        return plan

    def judged(self, unit: Unit, arm: str, accuracy: float) -> None:
        """Do nothing: the learner reads judgements after the night, from audited tables."""
