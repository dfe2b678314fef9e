"""One picture per learn: weights, reward and dollars over the nights, as SVG.

Written by hand: a picture of a dozen lines needs no plotting library, whose import alone would take longer than the
learn that it follows, and SVG is text that every browser shows and every diff can read.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pyarrow.compute as pc

from nightdesk.tasks.safety.links import fresh
from nightdesk.tasks.tables import read

Line = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 130, 60, 46, 52
COLOURS = ("#1b6ca8", "#d1495b", "#2a9d5c", "#b07d12", "#7b4fa3", "#4f6d7a", "#c05299", "#5a8f29")
MOST_VERSIONS = 400
LONGEST_NAME = 60  # characters
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def draw(out: Path, profile: str, version: int) -> Path:
    """Write the picture of a profile's versions up to `version`; return its path."""
    path = out / "state" / profile / f"{version:06d}.svg"
    draft = fresh(path.with_suffix(".svg.tmp"))
    draft.write_text(picture(profile, version, _weights(out, profile), _dollars(out, profile)), encoding="utf-8")
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


def _weights(out: Path, profile: str) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Weights of each arm by role and language, and the reward that is expected, over versions."""
    columns = ["version", "role", "language", "model", "lane", "weight", "value"]
    rows = read.scan(out, "weights", columns=columns, where=pc.field("profile") == profile).to_pylist()
    rows.sort(key=lambda r: (r["role"], r["language"], r["version"], r["model"], r["lane"]))
    newest = max((r["version"] for r in rows), default=0)
    rows = [r for r in rows if r["version"] > newest - MOST_VERSIONS]
    panels: defaultdict[str, defaultdict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    reward: defaultdict[tuple[str, int], float] = defaultdict(float)
    for r in rows:
        panel = f"{r['role'].replace('_', ' ')}, {r['language']}"
        name = r["model"] if r["lane"] == "sync" else f"{r['model']}@{r['lane']}"
        panels[panel][name].append((r["version"], r["weight"]))
        reward[panel, r["version"]] += r["weight"] * r["value"]
    worth: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for (panel, version), value in reward.items():
        worth[panel].append((version, value))
    return {**{panel: dict(lines) for panel, lines in panels.items()}, "expected reward": dict(worth)}


def _dollars(out: Path, profile: str) -> dict[str, list[tuple[float, float]]]:
    """Dollars of serving and judging over the nights, the second answers of duels counted to judging."""
    where = (pc.field("profile") == profile) & ~pc.field("from_cache")
    calls = read.scan(out, "calls", columns=["run_date", "purpose", "cost_usd"], where=where)
    spent: dict[str, defaultdict[int, float]] = {"serving": defaultdict(float), "judging": defaultdict(float)}
    days = [day.toordinal() for day in calls["run_date"].to_pylist()]
    for day, purpose, usd in zip(days, calls["purpose"].to_pylist(), calls["cost_usd"].to_pylist(), strict=True):
        for name, total in spent.items():
            total[day] += usd if (purpose in ("judge", "duel")) == (name == "judging") else 0.0
    nights = {day: k for k, day in enumerate(sorted(set(days)), 1)}
    return {name: [(nights[day], total[day]) for day in sorted(total)] for name, total in spent.items()}
