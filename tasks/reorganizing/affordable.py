"""What a run's dollars reach for: a document is served by all roles, or it waits whole for the next night.

Half a document costs money and is of no use: with too few dollars the first roles would run for everything and leave
nothing for the last. So documents are admitted in order while what is left covers what all their roles are expected to
cost. Expectations may be wrong, so what a batch did take corrects those of the next, and the first takes no more than a
part of the budget. What a batch takes is known when its calls are over; a document that costs waits for that. Where
every role has a model that costs nothing, nothing waits: those models finish the night.
"""

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.question_size import Budgets
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.messages import ROLES, Role
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.batches.spending import Spending
from nightdesk.tasks.reorganizing.document_state import Lost
from nightdesk.tasks.reorganizing.dry_run import dollars_of_document

MARGIN = 1.2  # by which a document may be dearer than expected
FIRST_SHARE = 0.5  # of the dollars, for the first batch: what calls take of this pool is not known before


class Purse:
    """The dollars of one run. weights_version: by which documents are expected to be served."""

    def __init__(self, router: Router, weights_version: int, spending: Spending) -> None:
        self._router, self._profile, self._version = router, router.profile, weights_version
        self._budgets = Budgets(self._profile)
        self._spending = spending
        self._number, self._batch = 1, 0.0  # the batch that is read, and its expected dollars
        self._open: dict[int, float] = {}  # batches before it that were not learned from -> their expected dollars
        self._dearer = 0.0  # by how much calls are dearer than expected; 0: not known yet

    def settle(self) -> None:
        """Begin the next batch; what the one before it takes is learned from when that is known."""
        if self._batch > 0:
            self._open[self._number] = self._batch
        self._number, self._batch = self._number + 1, 0.0

    def _learn(self) -> None:
        """Wait for the calls of the batches before this one, and learn what they took."""
        self._spending.after(self._number - 1)
        for number, expected in self._open.items():
            took = self._spending.after(number) - self._spending.after(number - 1)
            if took > 0:
                self._dearer = max(self._dearer, took / expected, 1.0)
        self._open = {}

    def refusal(self, document: Document) -> Lost | None:
        """Admit a document to the batch, and return None; or say why it has to wait."""
        if has_free(self._router, self._version, document.language):
            return None
        self._learn()

        def plan(role: Role) -> Plan:
            whole = self._router.plans.whole(self._version, role, document.language)
            return whole.greedy() if self._router.greedy else whole

        costs, most = dollars_of_document(document, self._profile, self._budgets, plan)
        most_usd = self._profile.limits.max_cost_usd
        left, share = most_usd - self._router.spent, 1.0 if self._dearer or not self._batch else FIRST_SHARE
        dearer = MARGIN * (self._dearer or 1.0)
        if costs and dearer * (self._batch + costs) + most > share * left:  # `most`: each call reserves the most it can
            return Lost(
                f"budget: its questions may cost ${dearer * costs + most:.4f}, and ${max(0.0, left):.4f} of the run's "
                f"${most_usd:.2f} are left; raise limits.max_cost_usd",
                "budget",
            )
        self._batch += costs
        return None


def has_free(router: Router, weights_version: int, language: str) -> bool:
    """Tell whether each role can be served by a model that costs nothing."""
    plans = (router.plans.whole(weights_version, role, language) for role in ROLES)
    return all(any(_is_free(router.profile.model(name)) for name in plan.weights) for plan in plans)


def _is_free(model: ModelSpec) -> bool:
    return not model.is_remote or not (model.prices.input or model.prices.output)
