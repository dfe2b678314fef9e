"""The categories of a night: those that occur, in the order of their profile, each in a colour that is its own.

The colour follows from the profile's full list and not from what occurs, because a reader knows a category by it from
night to night.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from itertools import chain, cycle

from nightdesk.tasks.config.profile import UNPLACED, load_profile
from nightdesk.tasks.edition.night import Category
from nightdesk.tasks.edition.reading.arranged import most_common
from nightdesk.tasks.edition.reading.columns import Numbers, Passages
from nightdesk.tasks.errors import InputError

COLOURS = 8  # of the style sheet
_SHIPPED = ("news", "commerce")  # share no colour, because a night may be told in both


def categories_of(
    passages: Passages, by_place: Numbers, profiles: Sequence[str], known: Mapping[str, Sequence[str]]
) -> dict[str, Category]:
    """Return the categories that occur, by name.

    by_place: all rows, by document and position. known: profile -> its categories, for profiles that are not shipped.
    """
    counts = dict(most_common(passages.category, passages.categories, by_place))
    counts.pop(UNPLACED, None)
    lists = [known[profile] if profile in known else shipped_categories(profile) for profile in profiles]
    hues = hues_of(lists, list(counts))
    names = [c for c in dict.fromkeys(chain.from_iterable(lists)) if c in counts]
    names += [c for c in counts if c not in names]
    return {name: Category(k, name, counts[name], hues[name]) for k, name in enumerate(names)}


def hues_of(lists: Sequence[Sequence[str]], others: Sequence[str]) -> dict[str, int]:
    """Return the colour of each category, from 0. lists: the categories of each profile, in order; others: any more.

    Categories of shipped profiles have one colour in every profile; those of another profile take the colours that it
    has left, in its order, whatever else a night is told in.
    """
    shipped = dict.fromkeys(name for profile in _SHIPPED for name in shipped_categories(profile))
    known = {name: k % COLOURS for k, name in enumerate(shipped)}
    hues: dict[str, int] = {}
    for names in lists:
        taken = {known[name] for name in names if name in known}
        free = cycle([k for k in range(COLOURS) if k not in taken] or range(COLOURS))
        for name in names:
            if name not in hues:
                hues[name] = known[name] if name in known else next(free)
    for name in others:
        if name not in hues:
            # Of the name alone, because the list in which it stands is not known when an edition is made again.
            hues[name] = known.get(name, blake2b(name.encode("utf-8", "replace")).digest()[0] % COLOURS)
    return hues


@cache
def shipped_categories(profile: str) -> tuple[str, ...]:
    """Return the categories of a profile that is shipped, in their order; none if there is no such profile."""
    try:
        return tuple(load_profile(profile).categories)
    except InputError:
        return ()
