"""One picture per learn: weights, reward and dollars over the nights, as SVG.

Written by hand: a picture of a dozen lines needs no plotting library, whose import alone would take longer than the
learn that it follows, and SVG is text that every browser shows and every diff can read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from math import fsum
from pathlib import Path
from typing import Any

from nightdesk.tasks.learning.sums import MOST_VERSIONS, Sums
from nightdesk.tasks.safety.links import fresh

Line = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 130, 60, 46, 52
COLOURS = ("#1b6ca8", "#d1495b", "#2a9d5c", "#b07d12", "#7b4fa3", "#4f6d7a", "#c05299", "#5a8f29")
MOST_POINTS = 36  # of a line, so that a picture of many nights is no longer to draw than one of few
LONGEST_NAME = 60  # characters
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def draw(out: Path, profile: str, version: int, sums: Sums) -> Path:
    """Write the picture of a profile's versions up to `version`; return its path."""
    weights = weights_lines(sums.weights(shown_versions(sums)))
    path = out / "state" / profile / f"{version:06d}.svg"
    draft = fresh(path.with_suffix(".svg.tmp"))
    draft.write_text(picture(profile, version, weights, dollars_lines(*sums.nights(MOST_VERSIONS))), encoding="utf-8")
    draft.replace(path)
    return path


def picture(
    profile: str,
    version: int,
    weights: Mapping[str, Mapping[str, Line]],
    dollars: Mapping[str, Line],
) -> str:
    """Return the SVG.

    weights: panel (a role, or reward) -> name -> (version, value). dollars: name -> (night, value).
    """
    panels = [*weights.items(), ("dollars a night", dollars)]
    colours = _colours(weights)
    height = TOP + len(panels) * (HEIGHT + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + LEFT + 20}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{_text(profile)}: weights up to version {version}</text>',
    ]
    for k, (title, lines) in enumerate(panels):
        parts += _panel(TOP + k * (HEIGHT + GAP), title, lines, colours)
    return "\n".join([*parts, "</svg>\n"])


def _panel(top: float, title: str, lines: Mapping[str, Line], colours: Mapping[str, str]) -> list[str]:
    points = [point for line in lines.values() for point in line]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    low_x, high_x = min(xs), max(*xs, min(xs) + 1)
    low_y, high_y = min(0.0, *ys), max(1e-9, *ys)

    def at(x: float, y: float) -> str:
        return (
            f"{LEFT + WIDTH * (x - low_x) / (high_x - low_x):.1f},"
            f"{top + HEIGHT - HEIGHT * (y - low_y) / (high_y - low_y):.1f}"
        )

    parts = [
        f'<text x="{LEFT}" y="{top - 6:.0f}" font-weight="bold">{_text(title)}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#cccccc"/>',
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{high_y:.3g}</text>',
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">{low_y:.3g}</text>',
        f'<text x="{LEFT}" y="{top + HEIGHT + 15}">{low_x:g}</text>',
        f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 15}" text-anchor="end">{max(xs):g}</text>',
    ]
    named = LEFT + 150
    for name, line in lines.items():
        colour = colours.get(name, COLOURS[0])
        path = " ".join(at(x, y) for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        if line:
            x, y = at(*line[-1]).split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}"/>')
        parts.append(f'<text x="{named}" y="{top - 6:.0f}" fill="{colour}">{_text(name)}</text>')
        named += 14 + 7 * min(len(name), LONGEST_NAME)
    return parts


def _text(name: str) -> str:
    """Return a name as it can stand in XML: that has no way to write some characters, not even as a reference."""
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return escape(_NOT_IN_XML.sub("\ufffd", short))


def _colours(weights: Mapping[str, Mapping[str, Line]]) -> dict[str, str]:
    names = list(dict.fromkeys(name for lines in weights.values() for name in lines))
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}
    return {**colours, "serving": COLOURS[0], "judging": COLOURS[1]}


def shown_versions(sums: Sums) -> list[int]:
    """Return the versions that are drawn: of the last MOST_VERSIONS, the newest and every k-th before it."""
    versions = sums.versions(sums.newest_noted() - MOST_VERSIONS + 1)
    apart = -(-len(versions) // MOST_POINTS) or 1
    return versions[::-1][::apart][::-1]


def weights_lines(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Weights of each arm by role and language, and the reward that is expected, over versions.

    rows: with the columns of `sums.WEIGHTS`.
    """
    panels: defaultdict[str, defaultdict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    reward: defaultdict[tuple[str, int], float] = defaultdict(float)
    for r in sorted(rows, key=lambda r: (r["role"], r["language"], r["version"], r["model"], r["lane"])):
        panel = f"{r['role'].replace('_', ' ')}, {r['language']}"
        name = r["model"] if r["lane"] == "sync" else f"{r['model']}@{r['lane']}"
        panels[panel][name].append((r["version"], r["weight"]))
        reward[panel, r["version"]] += r["weight"] * r["value"]
    worth: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for (panel, version), value in reward.items():
        worth[panel].append((version, value))
    return {**{panel: dict(lines) for panel, lines in panels.items()}, "expected reward": dict(worth)}


def dollars_lines(before: int, nights: Sequence[tuple[float, float]]) -> dict[str, list[tuple[float, float]]]:
    """Dollars of serving and judging over the nights; a point stands for the mean of as many nights as it takes.

    before: how many nights there were before these; nights: serving and judging.
    """
    apart = -(-len(nights) // MOST_POINTS) or 1
    ends = range(len(nights), 0, -apart)  # the newest point is of a whole number of nights, the oldest may be of fewer
    lines: dict[str, list[tuple[float, float]]] = {"serving": [], "judging": []}
    for end in reversed(ends):
        own = nights[max(0, end - apart) : end]
        for line, usd in zip(lines.values(), zip(*own, strict=True), strict=True):
            line.append((before + end, fsum(usd) / len(own)))
    return lines
