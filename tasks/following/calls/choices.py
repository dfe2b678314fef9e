"""Which plan each question of a stream is drawn by, in the journal before the question is sent.

A belief about a stream moves with every judged answer. So after a kill it may choose another plan for a question than
before, and another model would be asked and paid. What was chosen stands here until the question's round is settled.
"""

import json
from collections.abc import Iterable

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.answers.answer_keys import digest
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.arm_choice import ArmChoice
from nightdesk.tasks.calling.call_rows import Unit

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS choices (doc_id TEXT NOT NULL, question TEXT NOT NULL, plan TEXT NOT NULL, "
    "PRIMARY KEY (doc_id, question)) WITHOUT ROWID",
)


class JournaledChoice:
    """Chooses as another one does, and for a question that was asked before as it was chosen then."""

    def __init__(self, db: Database, choice: ArmChoice) -> None:
        self._db, self._choice = db, choice

    def choose(self, unit: Unit, plan: Plan) -> Plan:
        """Return the plan to draw by, which stands in the journal then. plan: what the weights of the night say.

        Arms that cannot be asked any more are left out of an earlier plan; if none of it is left, it is chosen anew.

        Raises:
            StoreError: the journal cannot be written.
        """
        question = digest(unit.unit, unit.weights_version, unit.request)
        for (kept,) in self._db.rows(
            "SELECT plan FROM choices WHERE doc_id = ? AND question = ?", [unit.doc_id, question]
        ):
            before = Plan(**json.loads(kept))
            if before.weights.keys() <= plan.weights.keys():
                return before
            if before.weights.keys() & plan.weights.keys():
                return before.only(plan.weights.keys())
        chosen = self._choice.choose(unit, plan)
        written = {
            "weights": dict(chosen.weights),
            "judge_rate": chosen.judge_rate,
            "duel_rate": chosen.duel_rate,
            "challengers": dict(chosen.challengers),
        }
        self._db.execute(
            "INSERT OR REPLACE INTO choices VALUES (?, ?, ?)", [unit.doc_id, question, json.dumps(written)]
        )
        return chosen

    def judged(self, unit: Unit, arm: str, accuracy: float) -> None:
        """Pass on that an arm's answer was judged. accuracy: 0 to 1."""
        self._choice.judged(unit, arm, accuracy)


def forget(db: Database, doc_ids: Iterable[str]) -> None:
    """Remove the choices of documents whose questions are settled, or that are forgotten. Within a transaction.

    Raises:
        StoreError: the journal cannot be written.
    """
    db.executemany("DELETE FROM choices WHERE doc_id = ?", [(doc_id,) for doc_id in doc_ids])
