"""Models that are computed here: no key, no network, thousands of sentences a second.

Static     word vectors and words: a topic ends where a new vocabulary and a new direction begin
Lexical    words alone
Baseline   looks at nothing (see baseline)
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Literal

import numpy as np

from nightdesk.tasks.messages import Group, RoleRequest
from nightdesk.tasks.models.embedded.baseline import Baseline, Embedded
from nightdesk.tasks.models.embedded.common_words import Similarity, common_terms, telling_terms, vocabulary_costs
from nightdesk.tasks.models.embedded.openings import is_talk, openings
from nightdesk.tasks.models.embedded.segmentation import (
    UNANCHORED,
    Costs,
    Span,
    above_background,
    adapted,
    average_linkage,
    direction_cost,
    topic_costs,
)
from nightdesk.tasks.models.embedded.titles import title, typical
from nightdesk.tasks.models.embedded.vectors import static_vectors, unit, with_spaces
from nightdesk.tasks.models.embedded.wording.talk import stories_of_talk, wants_topics
from nightdesk.tasks.roles.topic_finder import is_small_talk

WINDOW = 256  # sentences cut at a time: memory grows with the square
MOST_ANCHORS = 5
CACHED_CUTS = 4_096  # lists of sentences whose cut into topics is kept per process, about 500 bytes each
USUAL, USUAL_UNSPACED, USUAL_TALK = 15, 12, 16  # sentences of a topic, where a document's own topics do not tell
ALONE = 0.35  # what a word counts for that one report alone holds: it joins nothing, and tells how long a report is
BESIDE = 0.02  # near ties go to a topic beside: an aside belongs where it stands
BACKGROUND, BACKGROUND_UNSPACED = 0.0, 0.12  # what unrelated topics have in common, if a call has too few to tell


class _Computed(Embedded):
    """What Static and Lexical share. They differ in what holds a topic together, and in what makes two texts alike."""

    kind: Literal["static", "lexical"]
    penalty: float  # what a topic costs (see segmentation.topic_costs)
    grows: bool  # with its length, in reports
    penalty_talk: float  # where a host talks: the same whatever its length, because talk drifts
    penalty_unspaced: float  # in scripts without spaces, of which vectors and sentences say less
    penalty_unspaced_talk: float  # and where a host talks, who says the same words all evening
    threshold: float  # how alike topics of one story are (see segmentation.above_background)
    threshold_unspaced: float
    threshold_talk: float  # higher, because hosts share what they sell with: sizes, prices, greetings
    threshold_unspaced_talk: float
    share = 0.0  # of the vectors in how alike texts are; the rest is words
    share_related = 0.0  # and where topics are related, because words that tell these from each other are worth more

    def __init__(self, penalty: float = 0.0) -> None:
        super().__init__(penalty)
        self._cuts: dict[bytes, list[Span]] = {}

    @abstractmethod
    def _costs(self, sentences: Sequence[str]) -> Costs:
        """Cost of every run of the sentences as one topic (see segmentation)."""

    @abstractmethod
    def _alike(self, texts: Sequence[Sequence[str]], terms: Similarity, share: float) -> Similarity:
        """How alike texts are, each a list of sentences: by their words (terms), and for a share by their vectors."""

    def _find(self, request: RoleRequest) -> list[Group]:
        """One topic for each run: what is one story though far apart is for the relationship checker to join."""
        groups: list[Group] = []
        pooled: dict[str, list[int]] = {}  # small talk is one topic, and the last
        for first, end in self._topics(request.items):
            sentences = request.items[first:end]
            label = title(sentences, request.language, [g.label for g in groups])
            numbers = [first + 1 + k for k in typical(sentences, MOST_ANCHORS)]
            if is_small_talk(label):
                pooled.setdefault(label, []).extend(numbers)
            else:
                groups.append(Group(label, tuple(numbers)))
        return groups + [Group(label, tuple(numbers)) for label, numbers in pooled.items()]

    def _topics(self, sentences: Sequence[str]) -> list[Span]:
        """Cut the sentences into topics; the answer is kept, because the locator is asked about the same sentences."""
        key = _digest(sentences)
        spans = self._cuts.get(key)
        if spans is None:
            spans = self._cut(sentences, [UNANCHORED] * len(sentences))
            for closer in (1, 2, 3) if len(spans) == 1 and wants_topics(sentences) else ():
                spans = self._cut(sentences, [UNANCHORED] * len(sentences), closer) if len(spans) == 1 else spans
            if len(self._cuts) >= CACHED_CUTS:
                self._cuts.clear()
            self._cuts[key] = spans
        return spans

    def _cut(self, sentences: Sequence[str], anchors: Sequence[int], closer: int = 0) -> list[Span]:
        """Cut the sentences into topics, a window at a time; each step closer halves what a topic costs.

        The last run of a window may be longer than was seen of it, so the next window begins with it.
        """
        penalty, grows, usual_length = self._penalty(sentences)
        penalty *= self.finer / 2**closer
        spans: list[Span] = []
        start = 0
        while start < len(sentences):
            end = min(start + WINDOW, len(sentences))
            costs = self._costs(sentences[start:end])
            costs[:-1] -= openings(sentences[start:end])[:, None]
            found = adapted(costs, topic_costs(end - start, penalty, grows), usual_length, anchors[start:end])
            if end < len(sentences) and len(found) > 1:
                found.pop()
            spans += [(start + a, start + b) for a, b in found]
            start = spans[-1][1]
        return spans

    def _penalty(self, sentences: Sequence[str]) -> tuple[float, bool, float]:
        """Return what a topic costs in nats, whether more the longer it is, and how many sentences are usual."""
        spaced = with_spaces(sentences)
        if is_talk(sentences):
            return self.penalty_talk if spaced else self.penalty_unspaced_talk, False, USUAL_TALK
        return (self.penalty, self.grows, USUAL) if spaced else (self.penalty_unspaced, self.grows, USUAL_UNSPACED)

    def _locate(self, request: RoleRequest) -> list[Group]:
        """Cut again, no run with anchors of two topics; a run without anchors goes to the topic it is most like."""
        anchors = [UNANCHORED] * len(request.items)
        for topic, named in enumerate(request.anchors[: len(request.labels)]):
            for number in named:
                anchors[number - 1] = topic
        spans = self._topics(request.items)
        # The cheapest cut of all is also the cheapest of those that hold no anchors of two topics, if it is one.
        if any(len({*anchors[first:end]} - {UNANCHORED}) > 1 for first, end in spans):
            spans = self._cut(request.items, anchors)
        for closer in range(1, 5):
            if len(spans) >= min(len(request.labels), len(request.items)):
                break  # else look closer: each topic was found in some run
            spans = self._cut(request.items, anchors, closer)
        owners = [max(anchors[first:end]) for first, end in spans]
        if UNANCHORED in owners:
            owners = self._assign([request.items[a:b] for a, b in spans], owners, request.labels)
        numbers: dict[int, list[int]] = defaultdict(list)
        for topic, (first, end) in zip(owners, spans, strict=True):
            numbers[topic] += range(first + 1, end + 1)
        return [Group(str(topic + 1), tuple(numbers[topic])) for topic in sorted(numbers)]

    def _assign(self, runs: Sequence[Sequence[str]], owners: Sequence[int], labels: Sequence[str]) -> list[int]:
        """Give every unanchored run an owner: the topic whose title and anchored runs it is most like."""
        profiles = [
            [label, *(s for run, owner in zip(runs, owners, strict=True) if owner == topic for s in run)]
            for topic, label in enumerate(labels)
        ]
        texts = [*runs, *profiles]
        similar = self._alike(texts, common_terms(texts), self.share)[: len(runs), len(runs) :]
        assigned = list(owners)
        for k, owner in enumerate(owners):
            if owner == UNANCHORED:
                beside = assigned[max(k - 1, 0) : k] + [o for o in owners[k + 1 : k + 2] if o != UNANCHORED]
                similar[k, beside] += BESIDE
                assigned[k] = int(similar[k].argmax())
        return assigned

    def _relate(self, request: RoleRequest) -> list[Group]:
        texts = [item.split("\n") for item in request.items]
        spaced = with_spaces(request.items)
        prior = BACKGROUND if spaced else BACKGROUND_UNSPACED
        threshold = self.threshold if spaced else self.threshold_unspaced
        talk = is_talk([sentence for text in texts for sentence in text[1:]])
        if talk:
            threshold = self.threshold_talk if spaced else self.threshold_unspaced_talk
        # What one host alone says is what he sells, and pairs of characters that two texts share are often chance.
        terms, version = telling_terms(texts, ALONE if spaced and not talk else 1.0)
        similar = self._alike(texts, terms, self.share_related)
        stories = average_linkage(*above_background(similar, threshold, prior, version))
        stories = stories_of_talk(stories, texts)
        return [Group("", tuple(k + 1 for k in story)) for story in stories if len(story) > 1]

    def _organize(self, request: RoleRequest) -> list[Group]:
        # Imported here: a process that only finds topics need not load it.
        from nightdesk.tasks.models.embedded.categories import categorize

        filed: dict[str, dict[int, float]] = {label: {} for label in request.labels}
        for n, (label, sure) in enumerate(categorize(request.items, request.language, request.labels, self.kind), 1):
            filed[label][n] = sure
        return [Group(label, tuple(sure), tuple(sure.values())) for label, sure in filed.items() if sure]


class Static(_Computed):
    """Static word vectors (wordllama) and words."""

    VERSION = "4"
    kind = "static"
    penalty = 22.0
    grows = True
    penalty_talk = 22.0
    penalty_unspaced = 10.0
    penalty_unspaced_talk = 16.0
    threshold = 0.14
    threshold_unspaced = 0.09
    threshold_talk = 0.33
    threshold_unspaced_talk = 0.27
    direction = 8.0  # what a sentence at right angles to its topic costs, in nats
    share = 0.2
    share_related = 0.1

    def _costs(self, sentences: Sequence[str]) -> Costs:
        return self.direction * direction_cost(static_vectors(sentences)) + vocabulary_costs(sentences)

    def _alike(self, texts: Sequence[Sequence[str]], terms: Similarity, share: float) -> Similarity:
        if not with_spaces([sentence for text in texts for sentence in text]):
            return terms  # of other scripts the vectors know a few hundred characters: all texts look alike to them
        vectors = static_vectors([sentence for text in texts for sentence in text])
        ends = np.cumsum([len(text) for text in texts]).tolist()
        means = unit(np.array([vectors[a:b].sum(axis=0) for a, b in pairwise([0, *ends])]))
        return np.asarray((1 - share) * terms + share * (means @ means.T), np.float32)


class Lexical(_Computed):
    """Words alone: which come back, and which are rare enough to tell."""

    VERSION = "4"
    kind = "lexical"
    penalty = 5.0
    grows = False
    penalty_talk = 5.0
    penalty_unspaced = 7.0
    penalty_unspaced_talk = 9.0
    threshold = 0.09
    threshold_unspaced = 0.09
    threshold_talk = 0.21
    threshold_unspaced_talk = 0.27

    def _costs(self, sentences: Sequence[str]) -> Costs:
        return vocabulary_costs(sentences)

    def _alike(self, texts: Sequence[Sequence[str]], terms: Similarity, share: float) -> Similarity:
        return terms


def _digest(sentences: Sequence[str]) -> bytes:
    told = "".join(f"{len(sentence)} {sentence}" for sentence in sentences)
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()


MODELS: dict[str, type[Embedded]] = {"static": Static, "lexical": Lexical, "baseline": Baseline}
"""What a profile may name as an embedded model."""
