"""The licences of all packages that are installed here, each judged: may an Apache-2.0 project depend on it?

python -m docs.licences prints what is unknown or unfit and exits with 1 if anything is; with --write it also writes
docs/licences.md. What a package says of itself is read from its metadata: License-Expression, License, classifiers.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

PAGE = Path(__file__).with_name("licences.md")
OWN = "nightdesk"

FIT = frozenset(
    "0BSD Apache-2.0 BSD BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python ISC MIT MIT-0 PSF-2.0 Unlicense Zlib".split()
)
# Copyleft that ends at its own files: fit, as nightdesk neither changes these packages nor ships them.
FIT_UNCHANGED = frozenset({"MPL-2.0"})
# What people have looked at: package -> why it is fit.
REVIEWED = {
    "text-unidecode": "its Artistic License is chosen, not the GPL; unchanged, and of Prefect's python-slugify",
    "tld": "its MPL 1.1 is chosen, not the GPL; unchanged, and of trafilatura's courlan",
}
# What packages write instead of the SPDX identifier.
SAME = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd license": "BSD",
    "bsd 2-clause license": "BSD-2-Clause",
    "the bsd 2-clause license": "BSD-2-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit licence": "MIT",
    "mit license": "MIT",
    "the mit license (mit)": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
_NO_LICENCE = frozenset({"dfsg approved", "osi approved"})  # classifiers that name none
_MIT_BEGINS, _MIT_SAYS = ("MIT License ", "The MIT License "), "Permission is hereby granted, free of charge, to any"
_LONGEST = 100  # characters; a longer License is the text of one

_HEAD = """\
# Licences

What is installed with nightdesk and its tests, and the licence that each package gives. Made by `make licences`, which
fails if a package's licence is not known to suit a project under Apache-2.0, unless somebody has looked at it.

| package | licence | fit |
|---|---|---|
"""


@dataclass(frozen=True, slots=True, order=True)
class Judged:
    """A package. fit: whether an Apache-2.0 project may depend on it; why: what that rests on, "" if on the licence."""

    package: str
    licence: str
    fit: bool
    why: str = ""


def judge_all(found: Iterable[Distribution]) -> list[Judged]:
    """Judge packages, each once, by name."""
    first: dict[str, Judged] = {}
    for one in found:
        name = one.metadata.get("Name") or ""
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key and key != OWN and key not in first:
            first[key] = _judge(name, key, licence_of(one))
    return [first[key] for key in sorted(first)]


def _judge(name: str, key: str, licence: str) -> Judged:
    if key in REVIEWED:
        return Judged(name, licence, True, REVIEWED[key])
    if is_fit(licence, FIT):
        return Judged(name, licence, True)
    if is_fit(licence, FIT | FIT_UNCHANGED):
        return Judged(name, licence, True, "unchanged, and not shipped with nightdesk")
    return Judged(name, licence or "none named", False)


def licence_of(package: Distribution) -> str:
    """Return the SPDX expression of a package, as far as its metadata say; "" if they name no licence."""
    told = package.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    text = " ".join((told.get("License") or "").split())
    named = "MIT" if text.startswith(_MIT_BEGINS) and _MIT_SAYS in text else SAME.get(text.lower(), text)
    if named and len(named) <= _LONGEST and is_fit(named, FIT | FIT_UNCHANGED):
        return named
    classifiers = [c.rpartition("::")[2].strip() for c in told.get_all("Classifier") or () if c.startswith("License")]
    known = [SAME.get(c.lower(), c) for c in classifiers if c.lower() not in _NO_LICENCE]
    return " AND ".join(dict.fromkeys(known)) or named[:_LONGEST]  # whether "and" or "or" is meant, none of them says


def is_fit(expression: str, fit: frozenset[str]) -> bool:
    """Tell whether the licences that an SPDX expression asks for are all among those that fit."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    try:
        value = _any_of(tokens, fit)
    except IndexError:
        return False
    return value and not tokens


def _any_of(tokens: list[str], fit: frozenset[str]) -> bool:
    value = _all_of(tokens, fit)
    while tokens and tokens[0].upper() == "OR":
        tokens.pop(0)
        value = _all_of(tokens, fit) or value
    return value


def _all_of(tokens: list[str], fit: frozenset[str]) -> bool:
    value = _one(tokens, fit)
    while tokens and tokens[0].upper() == "AND":
        tokens.pop(0)
        value = _one(tokens, fit) and value
    return value


def _one(tokens: list[str], fit: frozenset[str]) -> bool:
    token = tokens.pop(0)
    if token == "(":
        value = _any_of(tokens, fit)
        return tokens.pop(0) == ")" and value
    if tokens and tokens[0].upper() == "WITH":  # an exception only ever allows more
        del tokens[:2]
    return token in fit


def page(judged: Iterable[Judged]) -> str:
    """Return the page, as Markdown."""
    return _HEAD + "".join(f"{line}\n" for line in _lines(judged))


def _lines(judged: Iterable[Judged]) -> Iterator[str]:
    for one in judged:
        fit = "yes" if one.fit else "NO"
        yield f"| {one.package} | {one.licence.replace('|', '/')} | {fit}{': ' if one.why else ''}{one.why} |"


def main() -> int:
    """Judge what is installed; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/licences.md")
    parser.add_argument("--path", action="append", help="look there for packages, instead of where Python does")
    asked = parser.parse_args()
    judged = judge_all(distributions(path=asked.path) if asked.path else distributions())
    if asked.write:
        PAGE.write_text(page(judged), encoding="utf-8")
    unfit = [one for one in judged if not one.fit]
    for one in unfit:
        print(
            f"{one.package}: {one.licence}: not known to suit Apache-2.0; replace the package, or look at it and add "
            "it to REVIEWED in docs/licences.py with the reason",
            file=sys.stderr,
        )
    print(f"{len(judged)} packages, {len(unfit)} unknown or unfit")
    return 1 if unfit else 0


if __name__ == "__main__":
    sys.exit(main())
