"""Relating a batch's topics to those that stand published, in the process that audits.

The known topics of a night are half a kilobyte each, and a batch's are compared with all of them. That process is the
one of a run that holds tables anyway, and it is idle while the models answer, so that the flow's memory stays flat.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import date
from pathlib import Path

from nightdesk.tasks.reorganizing import stories
from nightdesk.tasks.reorganizing.ids.first_sight import story_id
from nightdesk.tasks.reorganizing.joining.likeness import Rule
from nightdesk.tasks.reorganizing.joining.packed import Mark

_known: dict[str, stories.KnownTopics] = {}  # in that process: of the run that asked last


def relate_for(
    asking: str,
    out: Path,
    run_date: date,
    later: Set[str],
    topic_ids: Sequence[str],
    doc_ids: Sequence[str],
    marks: Sequence[Mark],
    rules: Sequence[Rule | None],
    kept: Mapping[str, str],
    others: Collection[str],
) -> list[str]:
    """Return the stories of topics, in order (see stories.relate).

    asking: the run, whose known topics are held from one call to its next. later: documents of this date that are not
    known yet. marks: what the topics are known by. others: topics that share no more than a first sentence with one of
    an earlier night.
    """
    if asking not in _known:
        _known.clear()
        _known[asking] = stories.KnownTopics(out, run_date)

    def begins(topic: str) -> str:
        return story_id(topic, run_date.isoformat() if topic in others else "")

    known = _known[asking].besides(later)
    return stories.relate(topic_ids, doc_ids, marks, known, rules, kept, begins)
