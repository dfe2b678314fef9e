"""Pruning itself: date by date, each when no run is at work on it; then the answers' store.

Before the parts of `documents` go, the index is told to keep their documents in mind, so that they are not run again as
new ones. Then one manifest names what goes, `documents` first; whoever finds it after a kill carries it out before
anything else happens to that date. Whatever else a kill leaves is old still, so the next prune removes it.
"""

import logging
import shutil
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from nightdesk.tasks.calling.answers.removal import note_standing, prune_store
from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.calling.answers.turns import nobody_at_work
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import edition_path
from nightdesk.tasks.forget.pruning.cutoffs import Before, cutoffs
from nightdesk.tasks.forget.pruning.outgoing import Outgoing, OutgoingDate, look, look_at
from nightdesk.tasks.forget.pruning.seen_by_learner import SeenByLearner
from nightdesk.tasks.safety.links import refuse_links, refuse_links_in
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.publishing.manifest import carry_out_pending, decide, staging_of

log = logging.getLogger("nightdesk")


def retain(out: Path, profile: Profile, run_date: date) -> Outgoing:
    """Prune what the profiles of OUT keep no longer, once a run of one of them is over.

    Raises:
        PublishError: the disk refuses it; what was removed until then is gone, and the next run goes on.
    """
    found = cutoffs(out, profile, run_date)
    for line in found.held:
        log.info("%s", line)
    return prune(out, found.before)


def prune(out: Path, before: Before) -> Outgoing:
    """Remove what is older than it is kept; return what went, and in `kept` why something stays.

    before: of answers, calls, editions and dates those that are pruned, with the first date of which all is kept.

    Raises:
        PublishError: the disk refuses it, or a link leads out of OUT; the next prune goes on.
    """
    refuse_links_in(out)
    gone = Outgoing(before)
    if not before:
        return gone
    note_standing(out)
    publish.recover(out)
    seen = SeenByLearner(out)
    planned = look(out, before, seen)
    pages = {it.day for it in planned.dates if it.edition}
    if pages:
        with naming_the_file(out / "editions"):
            write_index(out, without=pages)  # first, so that it leads to no page that is gone
    with ExitStack() as stack:
        index = stack.enter_context(KnownDocuments(out, ())) if any(it.is_whole for it in planned.dates) else None
        for it in planned.dates:
            with naming_the_file(out / "_staging"), nobody_at_work(out, it.day) as is_free:
                if not is_free:
                    gone.kept.append(f"{it.day}: stays, because a run is at work on it; prune again when it is over")
                    continue
                gone.dates.append(_prune_date(out, it.day, before, seen, index))
    if pages - {it.day for it in gone.dates}:
        with naming_the_file(out / "editions"):
            write_index(out)
    gone.kept += [line for it in gone.dates for line in it.kept]
    if "answers" in before:
        gone.answers = prune_store(out, before["answers"])
    return gone


def _prune_date(
    out: Path, day: date, before: Before, seen: SeenByLearner, index: KnownDocuments | None
) -> OutgoingDate:
    """Remove what is to go of one date, on which nobody is at work; return it."""
    staging = staging_of(out, "prune", day)
    with naming_the_file(staging, "cannot be removed"), publish.locked(out, day):
        carry_out_pending(out, day)
        it = look_at(out, day, before, seen)
        if it.is_whole and index is not None:
            index.mark_pruned(day)
        if it.parts:
            staging.mkdir(parents=True)
            decide(out, staging, day, (), [path.relative_to(out) for path in it.parts])
    if it.edition is not None:
        _remove_page(out, day)
    return it


def _remove_page(out: Path, day: date) -> None:
    """Remove an edition, the page that the index leads to first."""
    page = edition_path(out, day)
    refuse_links(out, page.parent)
    with naming_the_file(page.parent, "cannot be removed"), publish.locked(out, day):
        page.unlink(missing_ok=True)
        shutil.rmtree(page.parent)
