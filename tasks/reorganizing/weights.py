"""The weights of a run: learned from runs that were published before it, and found by version."""

import logging
from datetime import date
from pathlib import Path

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.errors import StateError
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.learning.learn import learn_unseen

log = logging.getLogger("nightdesk")


def catch_up(out: Path, profile: Profile, run_date: date, run_id: str) -> None:
    """Learn from what an earlier run published and could not learn from; if that fails again, the run goes on."""
    try:
        learned = learn_unseen(out, profile, run_date, run_id)
    except Exception as e:  # noqa: BLE001  (whatever it is, documents are read with the weights that there are)
        log.warning(
            "published runs could not be learned from (%s: %s); the next learn tries again", type(e).__name__, e
        )
        return
    for warning in learned.warnings if learned is not None else ():
        log.warning("%s", warning)
    if learned is not None:
        log.info("weights version %d, from runs that had not been learned from: %s", learned.version, learned.reason)


class Versions:
    """Finds the weights of a version; if it is gone or broken, those of the newest, and says so once."""

    def __init__(self, folder: Path, newest: LearnerState | None) -> None:
        self._folder, self._newest = folder, newest
        self._known: dict[int, LearnerState | None] = {0: None, newest.version if newest else 0: newest}

    def __call__(self, version: int) -> LearnerState | None:
        if version not in self._known:
            try:
                self._known[version] = states.load(self._folder, version)
            except StateError as e:
                log.warning("%s; the newest weights serve instead", e)
                self._known[version] = self._newest
        return self._known[version]
