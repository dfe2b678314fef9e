"""Captions that roll: what each shows anew. Live captions repeat what stands on the screen and add to it.

They roll by lines (the oldest goes, a new one comes), by words or by letters (the last line grows), and what was
recognised wrongly is replaced by a corrected version. A pair of cues tells little, because people repeat themselves;
so captions are taken for rolling only where cues follow each other without a break, and throughout a file or a long
stretch of it. What is said again after a pause is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise

from nightdesk.tasks.reading.formats.cues import TOUCHING_S, Cue
from nightdesk.tasks.reading.language import WIDE
from nightdesk.tasks.reading.sentences import weight

_GROWING_S = 1.0  # seconds between two cues of which one begins with all of the other
_SAME_START_S = 0.05
_NEAR = 3  # cues before and after one
_MOST_ROWS = 12  # of a screen; nothing that has more rolls
_SO_MANY, _OF = 2, 5  # cues that add to the one before, where a file rolls throughout
_STRETCH = 3  # so many cues on end that add to the one before are rolling, even if the rest of the file is not
_ALIKE, _ALIKE_TOGETHER = 0.6, 0.4  # of a text and its corrected version, by difflib; if they start together
_SOME = 6  # letters of words that stand at the end of one cue and at the beginning of the next
_LONG = 24  # letters of a line that nobody says twice before going on
_SHORT = 4  # letters; fewer are not compared by difflib
_LETTERS = 300  # of two texts that are compared by difflib, whose time grows with the square of them


@dataclass(slots=True)
class Piece:
    """Text that is shown anew. begins_line: a line begins with it; first: of its cue; glued: it goes on in a word."""

    text: str
    start: float
    end: float
    voice: str | None = None
    begins_line: bool = True
    glued: bool = False
    first: bool = True


@dataclass(frozen=True, slots=True)
class _Link:
    """What a cue repeats of the one before: from `begin` there, `shared` letters; corrected: the rest is replaced.

    adds: more comes after it. grows: the corrected version is longer and begins alike.
    """

    begin: int
    shared: int
    adds: bool
    corrected: bool = False
    grows: bool = False
    sure: bool = False  # no speech: they start at once, or a long line or half a word is shown again, or for a moment


@dataclass(frozen=True, slots=True)
class _Screen:
    """A cue as one text. rows: where in it its lines begin."""

    cue: Cue
    text: str
    rows: tuple[int, ...]


def unrolled(cues: Sequence[Cue]) -> list[Piece]:
    """Return what each cue shows anew; all of its lines, if the captions do not roll."""
    screens = [_screen(c) for c in cues if c.lines]
    links = _believed(screens)
    pieces: list[Piece] = []
    shown: list[tuple[int, Piece]] = []  # pieces on the screen, and where in its text each begins
    for screen, link in zip(screens, links, strict=True):
        start = screen.cue.start
        if link is None:
            shown, q = [], 0
        else:
            shown = [(at - link.begin, piece) for at, piece in shown if at + len(piece.text) > link.begin]
            q = link.shared
            if link.corrected:
                start = _withdraw(pieces, shown, q, start)
        fresh = list(_pieces(screen, q, start))
        pieces += [piece for _, piece in fresh]
        shown += fresh
    return pieces


def _withdraw(pieces: list[Piece], shown: list[tuple[int, Piece]], q: int, start: float) -> float:
    """Take back what was shown after q letters of the screen; return when the first of it began."""
    while shown and shown[-1][0] >= q:
        start = shown.pop()[1].start
        pieces.pop()
    if shown and shown[-1][0] + len(shown[-1][1].text) > q:
        at, last = shown[-1]
        last.text = last.text[: q - at].rstrip()
    return start


def _pieces(screen: _Screen, q: int, start: float) -> list[tuple[int, Piece]]:
    """Return what stands after q letters of a screen, a piece a line, and where each begins."""
    found: list[tuple[int, Piece]] = []
    text, cue = screen.text, screen.cue
    for line, begin in zip(cue.lines, screen.rows, strict=True):
        end = begin + len(line.text)
        at = max(begin, q)
        while at < end and text[at] == " ":
            at += 1
        if at < end:
            glued = begin < at == q and text[at - 1] != " "
            piece = Piece(text[at:end], start, cue.end, line.voice, at == begin, glued, not found)
            found.append((at, piece))
            start = cue.start
    return found


def _screen(cue: Cue) -> _Screen:
    parts: list[str] = []
    rows: list[int] = []
    length = 0
    for line in cue.lines:
        parts.append(join(parts[-1][-1:], line.text)[len(parts[-1][-1:]) :] if parts else line.text)
        length += len(parts[-1])
        rows.append(length - len(line.text))
    return _Screen(cue, "".join(parts), tuple(rows))


def join(text: str, part: str) -> str:
    """Join two parts of one text: by a space, but by nothing between Chinese, Japanese or Korean characters."""
    touching = text and part and _wide(text[-1]) and _wide(part[0])
    return text + part if touching or not text else f"{text} {part}"


def _wide(character: str) -> bool:
    return WIDE.match(character) is not None or "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff5e"


def _apart(text: str, at: int) -> bool:
    """Tell whether a word may end before the letter at a place of a text."""
    a, b = text[at - 1 : at], text[at : at + 1]
    return not (a.isalnum() and b.isalnum()) or _wide(a) or _wide(b)


def _believed(screens: list[_Screen]) -> list[_Link | None]:
    """Return for each screen what it repeats of the one before, as far as the captions are taken for rolling."""
    links = [None, *(_link(a, b) for a, b in pairwise(screens))] if screens else []
    _add_corrections(links, screens)
    adding = sum(link is not None and (link.adds or link.sure) for link in links)
    grown = sum(link is not None and link.corrected and link.grows for link in links) if adding else 0
    rolls = len(links) >= _STRETCH and (adding + grown) * _OF >= len(links) * _SO_MANY
    believed: list[_Link | None] = []
    for linked, group in groupby(links, key=lambda link: link is not None):
        stretch = list(group)
        if linked and not rolls and sum(link is not None and link.adds for link in stretch) < _STRETCH:
            stretch = [link if link and link.sure else None for link in stretch]
        believed += stretch
    longer = [(s, k) for s, k in zip(screens, believed, strict=True) if k and not k.corrected]
    cut = sum(not _apart(s.text, k.shared) for s, k in longer)
    if cut > 1 and cut * 5 >= len(longer):  # they grow by letters
        return believed
    return [
        k if k and (k.corrected or k.shared >= _SOME or _apart(s.text, k.shared)) else None
        for s, k in zip(screens, believed, strict=True)
    ]


def _add_corrections(links: list[_Link | None], screens: list[_Screen]) -> None:
    """Find corrections where cues may roll: in a file that does so throughout, near cues that do, or from one start."""
    adds = [link is not None and link.adds for link in links]
    throughout = sum(adds) * 10 >= len(adds)
    for k, (a, b) in enumerate(pairwise(screens), 1):
        together = _together(a.cue, b.cue)
        if links[k] is None and (throughout or together or any(adds[max(0, k - _NEAR) : k + _NEAR + 1])):
            links[k] = _correction(a, b, together)


def _together(a: Cue, b: Cue) -> bool:
    """Tell whether two cues start at once and the first ends first, as versions of one do."""
    return abs(b.start - a.start) <= _SAME_START_S and b.end > a.end + _SAME_START_S


def _link(a: _Screen, b: _Screen) -> _Link | None:
    """Return what a screen repeats of the one before, if it comes without a break and nobody else speaks."""
    pause = b.cue.start - a.cue.end
    if pause > _GROWING_S or a.cue.lines[0].voice != b.cue.lines[0].voice or len(a.rows) > _MOST_ROWS:
        return None
    for row in a.rows:
        rest = len(a.text) - row
        if b.text.startswith(a.text[row:]) and (pause <= TOUCHING_S or row == 0):
            adds = len(b.text) > rest if row == 0 else True
            whole_lines = (
                pause <= TOUCHING_S and weight(a.text[row:]) >= _LONG and any(rest <= r <= rest + 1 for r in b.rows)
            )
            brief = len(b.text) == rest and 0 < b.cue.end - b.cue.start <= _SAME_START_S and pause <= TOUCHING_S
            in_word = row == 0 and pause <= TOUCHING_S and rest >= _SOME and adds and not _apart(b.text, rest)
            together = row == 0 and _together(a.cue, b.cue)
            return _Link(row, rest, adds, sure=whole_lines or brief or in_word or together)
    begin = _repeated_words(a.text, b.text) if pause <= TOUCHING_S else 0
    return _Link(begin, len(a.text) - begin, True) if begin else None


def _repeated_words(old: str, new: str) -> int:
    """Return where the last words of a text begin that the next one begins with, if they are some; 0 if not."""
    begin = max(1, len(old) - min(len(new), _LETTERS))
    while (begin := old.find(new[:3], begin)) > 0:
        rest = old[begin:]
        if new.startswith(rest) and _apart(old, begin) and weight(rest) >= _SOME and (" " in rest or _wide(rest[0])):
            return begin
        begin += 1
    return 0


def _correction(a: _Screen, b: _Screen, together: bool) -> _Link | None:
    """Return what is left of a screen of which the next one is a corrected version."""
    if b.cue.start - a.cue.end > TOUCHING_S or a.cue.lines[0].voice != b.cue.lines[0].voice or len(a.rows) > _MOST_ROWS:
        return None
    for row in a.rows:
        old = a.text[row:]
        new = b.text[: len(old) + 2]
        if len(old) < _SHORT or len(new) < (0.5 if together else 0.8) * len(old):
            continue
        last = old[a.rows[-1] - row :] if row < a.rows[-1] else old
        if not b.text.startswith(old[: len(old) - len(last)]):
            continue
        new_last = new[len(old) - len(last) :]
        alike = SequenceMatcher(None, last[-_LETTERS:], new_last[-_LETTERS:], autojunk=False)
        least = _ALIKE_TOGETHER if together else _ALIKE
        if alike.quick_ratio() >= least and alike.ratio() >= least:
            shared = _shared(old, b.text)
            grows = len(b.text) > len(old) and old[:2].casefold() == new[:2].casefold()
            return _Link(row, shared, False, corrected=True, grows=grows, sure=together)
    return None


def _shared(old: str, new: str) -> int:
    """Return how many letters two texts begin with alike, at the end of a word."""
    n = next((k for k, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    while n and not (_apart(old, n) and _apart(new, n)):
        n -= 1
    return n
