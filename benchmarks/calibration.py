"""Whether the confidence of the embedded organizers means something: of what is filed at 0.8, are four in five right?

    python -m benchmarks.calibration            prints a table and writes results/calibration.svg

For each organizer and language: training text, each document filed by weights that never saw it (cross-validation);
the labelled samples; and ../shared's checked categories where they are there, whose labelers agree on 0.70.
accuracy, confidence: means. gap: the expected calibration error, the mean over the sentences of how far the share that
is right is from the confidence, in ten equally filled bins (Naeini et al. 2015, with bins of equal mass: Nixon et al.
2019). right_at_0.9: the share that is right of what is filed at 0.9 or more, and how much that is.
"doubt left out": the same as the row above, but each passage gets its confidence by the doubt (see cues.toml) that fits
the other passages best. Confidence that is right in every sentence has a gap as well, by chance: about 0.05 for 300
sentences.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import RESULTS, ROOT, SHARED, show
from nightdesk.tasks.models.embedded.categories import categorize
from nightdesk.tasks.models.embedded.cues import cue_table, known_set
from nightdesk.tasks.models.embedded.train_categories import cross_validate, load_examples

BINS = 10
SURE = 0.9
DOUBTS = np.linspace(0, 0.3, 31)


@dataclass(frozen=True, slots=True)
class Filed:
    """What an organizer filed: how sure it was of each sentence, and whether it was right; weight of each sentence."""

    text: str
    organizer: str
    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    weight: NDArray[np.float64]


def main() -> None:
    """Measure, print and draw."""
    found = [*training(), *labelled()]
    rows = []
    for f in found:
        sure = f.confidence >= SURE
        rows.append(
            {
                "text": f.text,
                "organizer": f.organizer,
                "sentences": len(f.right),
                "accuracy": float(f.weight @ f.right),
                "confidence": float(f.weight @ f.confidence),
                "gap": float(sum(w * abs(c - r) for c, r, w in bins(f))),
                "right_at_0.9": float(f.right[sure].mean()) if sure.any() else None,
                "share_at_0.9": float(sure.mean()),
            }
        )
    show("calibration", rows)
    path = RESULTS / "calibration.svg"
    path.write_text(plot([f for f in found if f.organizer == "static"]), encoding="utf-8")
    print(f"plot: {path.relative_to(ROOT)}")


def training() -> Iterator[Filed]:
    """Cross-validate on the training text, its categories weighed as they are expected in documents."""
    for name in ("news", "commerce"):
        for language in ("en", "zh"):
            examples = load_examples(name, language)
            for organizer, shares in cross_validate(examples).items():
                right = shares.argmax(axis=1) == examples.labels
                weight = examples.importance / examples.importance.sum()
                yield Filed(f"{name}.{language} (training)", organizer, shares.max(axis=1), right, weight)


def labelled() -> Iterator[Filed]:
    """File the labelled documents: ours, and those of ../shared."""
    for path in [*sorted((ROOT / "datasets" / "labels").glob("*.json")), *sorted(SHARED.glob("data/gold/*.json"))]:
        labels = json.loads(path.read_text(encoding="utf-8"))
        allowed: dict[str, set[str]] = {}
        for topic in labels.get("topics", []):
            for category, ids in topic.items():
                for i in ids if category != "topic" else ():
                    allowed.setdefault(str(i), set()).add(category.replace(" ", "_").lower())
        categories = full_set(sorted({c for found in allowed.values() for c in found}))
        texts = [text for _, text in labels["document"]]
        han = sum("\u3400" <= c <= "\u9fff" for c in "".join(texts)) > len("".join(texts)) / 4
        language = "zh" if han else "en"
        numbers = [number for number, _ in labels["document"]]
        for organizer in ("static", "lexical"):
            filed = categorize(texts, language, categories, organizer)
            known = [(c, s, allowed[str(i)]) for (i, _), (c, s) in zip(labels["document"], filed, strict=True)
                     if str(i) in allowed]  # fmt: skip
            one = Filed(
                path.stem,
                organizer,
                np.array([sure for _, sure, _ in known]),
                np.array([category in right for category, _, right in known]),
                np.full(len(known), 1 / len(known)),
            )
            yield one
            if path.parent.name == "gold":
                starts = [numbers.index(first) for first, _, _ in labels["passages"]]
                places = [place for place, number in enumerate(numbers) if str(number) in allowed]
                doubt = cue_table(known_set(categories) or "", language).doubt
                yield doubt_left_out(one, np.searchsorted(starts, places, side="right"), doubt, len(categories))


def doubt_left_out(filed: Filed, passages: NDArray[np.intp], doubt: float, k: int) -> Filed:
    """Give each passage the confidence by the doubt that fits the others best.

    passages: which one each sentence stands in. doubt: what the confidences have now. k: how many categories there are.
    """
    plain = (filed.confidence - doubt / k) / (1 - doubt)
    tried = plain[:, None] + DOUBTS * (1 / k - plain[:, None])
    losses = (tried - filed.right[:, None]) ** 2  # the Brier score
    confidence = np.zeros(len(plain))
    for passage in np.unique(passages):
        its = passages == passage
        confidence[its] = tried[its, losses[~its].mean(axis=0).argmin()]
    return Filed(f"{filed.text}, doubt left out", filed.organizer, confidence, filed.right, filed.weight)


def full_set(categories: list[str]) -> list[str]:
    """Return the whole set of categories that some of it were seen of."""
    news = ["facts", "opinions", "assumptions", "future_plans"]
    return news if set(categories) <= set(news) else ["opening", "price", "order_urging", "product_description"]


def bins(filed: Filed) -> Iterator[tuple[float, float, float]]:
    """Yield (mean confidence, share right, weight) of equally filled bins, from the least sure to the surest."""
    for part in np.array_split(np.argsort(filed.confidence, kind="stable"), BINS):
        weight = filed.weight[part].sum()
        if weight:
            shares = filed.weight[part] / weight
            yield float(shares @ filed.confidence[part]), float(shares @ filed.right[part]), float(weight)


def plot(curves: list[Filed]) -> str:
    """Draw a small reliability diagram for each: confidence to the right, share that is right upwards."""
    side, columns = 170, 4
    rows = -(-len(curves) // columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * (side + 40)} {rows * (side + 60)}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
    ]
    for k, curve in enumerate(curves):
        x, y = 30 + k % columns * (side + 40), 30 + k // columns * (side + 60)
        points = [(x + c * side, y + (1 - r) * side) for c, r, _ in bins(curve)]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="#1a5fb4"/>' for a, b in points)
        parts.append(
            f'<text x="{x}" y="{y - 8}">{escape(curve.text)}</text>'
            f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="none" stroke="#bbb"/>'
            f'<line x1="{x}" y1="{y + side}" x2="{x + side}" y2="{y}" stroke="#bbb" stroke-dasharray="4"/>'
            f'<polyline points="{line}" fill="none" stroke="#1a5fb4" stroke-width="1.5"/>{dots}'
            f'<text x="{x}" y="{y + side + 14}">0</text><text x="{x + side - 6}" y="{y + side + 14}">1</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
