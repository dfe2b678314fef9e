"""Labelled documents through the roles, and how well what comes out agrees with the labels."""

import contextlib
import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.evaluation.scores import score
from nightdesk.tasks.reading.labelled import Labelled, load_labelled
from nightdesk.tasks.reorganizing import role_stages
from nightdesk.tasks.reorganizing.run import open_run
from nightdesk.tasks.tables import read

MEASURES = ("coverage", "unplaced", "stretch_f1", "story_f1", "category_acc", "category_f1", "topic_category_recall")


def load_all(files: Sequence[Path], profile: Profile) -> list[Labelled]:
    """Read labelled documents.

    Raises:
        InputError: one is not in its form, two have one name, or one is labelled in categories that the profile lacks.
    """
    labelled: dict[str, Labelled] = {}
    for path in files:
        document = load_labelled(path)
        if document.doc_id in labelled:
            raise InputError(f"{path}: there already is a document {document.doc_id!r}; rename one of them")
        labelled[document.doc_id] = document
        if strange := [c for c in document.categories if c not in profile.categories]:
            raise InputError(
                f"{path}: it is labelled in {', '.join(strange)}, which profile {profile.name} has not; "
                "name the profile of its labels with --profile"
            )
    return list(labelled.values())


async def evaluate(
    files: Sequence[Path], labelled: Sequence[Labelled], out: Path, run_date: date, profile: Profile, greedy: bool
) -> list[dict[str, Any]]:
    """Run labelled documents into OUT by its newest weights; return a row of measures for each.

    greedy: the leading model serves every decision, nothing is explored or judged.
    """
    run_id = str(uuid.uuid4())
    async with open_run(run_id, run_date, [str(f) for f in files], out, profile, greedy=greedy) as run:
        run.begin(only_new=False, reassign=True)
        while (batch := run.next_batch()) is not None:
            for stage in role_stages.ROLE_STAGES.values():
                await stage(run.router, batch, lambda done, of: None)
            await run.check(batch)
            await run.publish(batch)
    rows = []
    for document in labelled:
        passages = read.scan(out, "passages", run_date, run_date, where=pc.field("doc_id") == document.doc_id)
        measures = score(document, passages.to_pylist())
        rows.append({"document": document.doc_id, "sentences": len(document.ids), **measures})
    return rows


def mean(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the mean of every measure over the documents that have it."""
    found = {m: [row[m] for row in rows if m in row] for m in MEASURES}
    return {m: sum(values) / len(values) for m, values in found.items() if values}


def shipped_for(profile: Profile) -> list[Path]:
    """Return the labelled documents that come with nightdesk and are labelled in a profile's categories.

    Raises:
        InputError: there is none.
    """
    files = []
    for path in sorted(folder("labels").glob("*.json")):
        with contextlib.suppress(InputError):  # labelled for another profile
            load_all([path], profile)
            files.append(path)
    if not files:
        raise InputError(f"no labelled document is shipped for profile {profile.name}; name some of your own")
    return files
