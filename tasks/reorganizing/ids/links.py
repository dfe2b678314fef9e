"""Links of a batch's topics: their ids, the ids that they go by besides, and their stories."""

import uuid
from collections.abc import Mapping, Sequence, Set
from datetime import date
from pathlib import Path

from nightdesk.tasks.config.sections.stories import StorySettings
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.reorganizing.document_state import JoinedTopic, TopicLink, Work
from nightdesk.tasks.reorganizing.ids.kept import Named, Standing, name_topics
from nightdesk.tasks.reorganizing.ids.published import Published
from nightdesk.tasks.reorganizing.ids.relating import relate_for
from nightdesk.tasks.reorganizing.joining.likeness import Rule
from nightdesk.tasks.reorganizing.joining.packed import Mark, are_near, is_comparable
from nightdesk.tasks.tables.audit import Auditor, Gone


class Linking:
    """Names and relates the topics of one run. audits: the process in which they are related; settings: when."""

    def __init__(self, out: Path, run_date: date, audits: Auditor, settings: StorySettings) -> None:
        self._out, self._day, self._audits, self._settings = out, run_date, audits, settings
        self._published = Published(out, run_date)
        self._asking = uuid.uuid4().hex

    def of(
        self,
        works: Sequence[Work],
        joined: Mapping[str, Sequence[JoinedTopic]],
        marks: Sequence[Mark],
        later: Set[str],
    ) -> dict[str, list[TopicLink]]:
        """Return doc_id -> the link of each of its topics.

        joined: doc_id -> its topics in order of appearance. marks: what they are known by, over all works. later:
        documents of this date that are not known yet.

        Raises:
            StoreError: the index of known documents cannot be read or written.
            PublishError: the process that audits has ended.
        """
        standing = self._published.of([w.document.doc_id for w in works])
        named: list[Named] = []
        docs: list[str] = []
        rules: list[Rule | None] = []
        for work in works:
            d, positions = work.document, [topic.positions for topic in joined[work.document.doc_id]]
            named += name_topics(d.doc_id, d.texts, positions, standing.get(d.doc_id))
            docs += [d.doc_id] * len(positions)
            rules += [rule_of(self._settings, d.language)] * len(positions)
        links: dict[str, list[TopicLink]] = {w.document.doc_id: [] for w in works}
        if not named:
            return links
        ids = [its.topic_id for its in named]
        kept, others = _kept(ids, docs, marks, standing, self._day)
        asked = self._asking, self._out, self._day, later, ids, docs, marks, rules, kept, others
        try:
            names: list[str] = self._audits.do(relate_for, *asked)
        except Gone:
            raise PublishError("topics: the process that audits has ended; see its messages above") from None
        for its, doc, story, mark in zip(named, docs, names, marks, strict=True):
            links[doc].append(TopicLink(its.topic_id, story, mark.vector, its.aliases, mark.terms))
        return links


def rule_of(settings: StorySettings, language: str) -> Rule | None:
    """Return what makes a topic of a document one story with another; None: nothing does."""
    return Rule(settings.least(language), settings.in_common) if settings.across else None


def _kept(
    ids: Sequence[str], docs: Sequence[str], marks: Sequence[Mark], standing: Mapping[str, Standing], day: date
) -> tuple[dict[str, str], set[str]]:
    """Return the stories of topics that were published before, and the topics that share no more than a first sentence.

    Under another date the same first sentence may begin something else ("Good evening."), so that there the story is
    kept only where the texts are near. A rerun finds what its date has published, and keeps that.
    """
    kept: dict[str, str] = {}
    others: set[str] = set()
    for topic, doc, mark in zip(ids, docs, marks, strict=True):
        before = standing[doc].topics.get(topic) if doc in standing else None
        if before is None:
            continue
        near = is_comparable(before.vector_kind) and are_near(mark.vector, before.vector)
        if standing[doc].run_date == day or near:
            kept[topic] = before.story_id
        else:
            others.add(topic)
    return kept, others
