"""How much two groupings agree: the measures by which roles are judged."""

from collections import Counter
from collections.abc import Hashable, Sequence

from nightdesk.tasks.messages import Answer


def bcubed_f1(gold: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """B-cubed F1 of two clusterings of the same items, in [0, 1]; 1.0 for no items.

    Source: Bagga and Baldwin (1998), Entity-based cross-document coreferencing using the vector space model: an item's
    precision = share of its predicted cluster that is in its gold cluster; recall the other way round; their means.
    """
    if not gold:
        return 1.0
    in_gold, in_predicted, in_both = Counter(gold), Counter(predicted), Counter(zip(gold, predicted, strict=True))
    precision = sum(n * n / in_predicted[p] for (_, p), n in in_both.items()) / len(gold)
    recall = sum(n * n / in_gold[g] for (g, _), n in in_both.items()) / len(gold)
    return 2 * precision * recall / (precision + recall)


def share_equal(answer: Answer, reference: Answer, n: int) -> float:
    """Share of the numbers 1..n that two answers put under the same label; 1.0 for n = 0."""
    a, b = ({number: g.label for g in groups for number in g.numbers} for groups in (answer.groups, reference.groups))
    return sum(a.get(i) == b.get(i) for i in range(1, n + 1)) / n if n else 1.0
