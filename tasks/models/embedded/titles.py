"""What stands for a topic: its title, and its typical sentences.

A report is named by its headline, the statement in its first sentences that says most of what recurs in it; talk by
the things it keeps naming. Titles are in the text's own words, so they cannot say what it does not.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import islice, repeat
from statistics import median

from nightdesk.tasks.models.embedded import chinese, headlines
from nightdesk.tasks.models.embedded.mentions import mentions, numbers
from nightdesk.tasks.models.embedded.openings import is_talk
from nightdesk.tasks.models.embedded.vectors import term_weights, words
from nightdesk.tasks.models.embedded.wording import faults, other_languages
from nightdesk.tasks.models.embedded.wording.names import names
from nightdesk.tasks.roles.topic_finder import SMALL_TALK, free_title

LONGEST = headlines.LONGEST
LONGEST_HAN = chinese.LONGEST
READ = 20
EARLY = 6  # sentences that may give the title, from the first: reports say at once who did what

WRITTEN, LONG_SENTENCE = 0.7, 8  # share of sentences with a capital; words of the middle one
_ADDRESSED = re.compile(r"\b(?:you|your|okay|ok|yeah|gonna|guys|we|i|i'm|let's|here)\b", re.IGNORECASE)
_HALVES = re.compile(r"[\[\](){}<>（）【】《》\"“”„«»「」『』]|(?<!\w)['‘’]|['’](?!\w)")
ENGLISH = ("en", "")
_ROUNDED = 1 + 1e-9  # sums of the same weights in another order


def title(sentences: Sequence[str], language: str = "en", taken: Collection[str] = ()) -> str:
    """Return a title of one line, 1 to 100 characters, for the sentences of a topic, given in order.

    taken: titles that others have; theirs is avoided.
    """
    best = ""
    for found in _candidates(sentences, language):
        if found not in taken:
            return found
        best = best or found
    best = best or SMALL_TALK.get(language, SMALL_TALK["en"])
    return free_title([best], taken, LONGEST)


def typical(sentences: Sequence[str], most: int) -> list[int]:
    """Return the first, the last and the most telling sentences of a topic, in order, counted from 0."""
    if len(sentences) <= most:
        return list(range(len(sentences)))
    weigh = term_weights(tuple(sentences)).__getitem__
    telling = [0.0]
    for sentence in sentences[1:-1]:
        said = words(sentence)
        telling.append(sum(map(weigh, said)) / (1 + len(said)) ** 0.5)
    inner = sorted(range(1, len(sentences) - 1), key=lambda k: (-telling[k], k))
    return sorted({0, len(sentences) - 1, *inner[: most - 2]})


def _candidates(sentences: Sequence[str], language: str) -> Iterator[str]:
    """Titles, best first: what stands as a headline, then names, then what does not, in talk small talk."""
    han = chinese.is_chinese(sentences)
    if is_talk(sentences) and (han or not _is_written(sentences)):
        yield from _of_talk(sentences, han)
        return
    sent_back: list[str] = []
    own = (s for s in sentences[:READ] if not headlines.is_skipped(s))
    first = list(islice(own, EARLY)) or list(sentences[:EARLY])
    for some in (first, own):  # those of the second are read only if the first say nothing
        for clause, worth in _said(list(some), sentences, language, han):
            if worth > headlines.SENT_BACK:
                yield clause
            else:
                sent_back.append(clause)
    yield from _named(_names_and_things(sentences, han), han)
    yield from _named(mentions(sentences, once=True) if han else names(sentences, once=True), han)
    # At last what may not stand, but for marks that would be without their other half.
    yield from filter(None, (_HALVES.sub("", found).strip(" ,.;:") for found in [*sent_back, _longest(sentences)]))


def _of_talk(sentences: Sequence[str], han: bool) -> Iterator[str]:
    """Titles of what a host says, best first: the things that are come back to, at last small talk."""
    for things in (mentions, numbers, partial(mentions, once=True)):
        yield from _named(things(sentences), han)
    yield SMALL_TALK["zh" if han else "en"]


def _is_written(sentences: Sequence[str]) -> bool:
    """Whether text that addresses its readers has whole sentences all the same, as a column or a contract has."""
    said = [sentence for sentence in sentences if sentence.strip()]
    capitals = sum(sentence.lstrip(" \t\"“'‘(")[:1].isupper() for sentence in said)
    if not said or capitals < WRITTEN * len(said):
        return False
    return median([len(s.split()) for s in said]) >= LONG_SENTENCE or not any(map(_ADDRESSED.search, said))


def _names_and_things(sentences: Sequence[str], han: bool) -> list[str]:
    """What written text names, then what it comes back to; none within another."""
    found = [] if han else names(sentences)
    said = {word for name in found for word in name.lower().split()}
    return found + [thing for thing in mentions(sentences) if said.isdisjoint(thing.split())]


def _longest(sentences: Sequence[str]) -> str:
    """The longest of the first lines, where there is no statement at all: single words, figures."""
    lines = [line for s in sentences[:READ] if words(line := headlines.plain(s)[:LONGEST].strip(" ,.;:"))]
    return max(lines, key=len, default="")


def _named(things: Sequence[str], han: bool) -> Iterator[str]:
    """Two things as a title, then three, then one."""
    comma, longest = ("、", LONGEST_HAN) if han else (", ", LONGEST)
    for n in (min(len(things), 2), 3, 1):
        for k in range(len(things) - n + 1 if n else 0):
            name = comma.join(things[k : k + n])
            if len(name) <= longest:
                yield name if han else headlines.title_case(name)


def _said(some: Sequence[str], sentences: Sequence[str], language: str, han: bool) -> Iterator[tuple[str, float]]:
    """Clauses of some of the sentences by what they say of what recurs, and how much of a statement each is."""
    is_english = not han and language in ENGLISH
    for clause, statement in _by_worth(some, sentences, language, han):
        # The faults of a clause are looked for here, because most clauses are never asked for.
        is_sent_back = is_english and (faults.is_sent_back(clause) or _is_namesake(clause, some))
        shown = headlines.title_case(clause) if is_english else clause
        yield shown, min(statement, headlines.SENT_BACK) if is_sent_back else statement


def _by_worth(some: Sequence[str], sentences: Sequence[str], language: str, han: bool) -> Iterator[tuple[str, float]]:
    """Yield (clause, how much of a statement it is), what says most first.

    No clause says more than its whole sentence, so that most sentences need not be taken apart before one is found.
    """
    weigh = term_weights(tuple(sentences)).get
    clauses_of = chinese.headlines if han else other_languages.headlines_in(language)

    def said(text: str, position: int) -> float:
        return sum(map(weigh, words(text), repeat(0.0))) / (1 + position / 3)

    most = sorted((-said(sentence, position) * _ROUNDED, position) for position, sentence in enumerate(some))
    seen: set[str] = set()
    waiting: list[tuple[float, str, float, int]] = []
    for at_most, position in most:
        while waiting and waiting[0][0] < at_most:
            yield heappop(waiting)[1:3]
        for clause, statement in clauses_of(some[position]):
            if clause not in seen:
                seen.add(clause)
                heappush(waiting, (-statement * said(clause, position), clause, statement, position))
    while waiting:
        yield heappop(waiting)[1:3]


def _is_namesake(clause: str, sentences: Sequence[str]) -> bool:
    """Whether a clause is about "two women" though they are named in a sentence near it."""
    return faults.names_nobody(clause) and any(map(faults.has_name, sentences))
