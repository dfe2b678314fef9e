"""Text that attacks whoever shows it, and a night of which every text may be such."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count

from nightdesk.tasks.edition.night import (
    Beside,
    Category,
    Edition,
    EditionDocument,
    EditionStory,
    Language,
    Paragraph,
    Section,
    Sentence,
    Told,
    Unplaced,
)

DAY = date(2026, 3, 1)
BIDI = "\u2069\u202egnp.exe"  # ends the isolation around it, and turns all that stands after it
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))


def hostile(beacon: str) -> tuple[str, ...]:
    """Return texts that would run a script, ask `beacon` (an address that ends with /), leave their place or lie."""
    return (
        f"<script>fetch('{beacon}script')</script>",
        f"<img src={beacon}img onerror=\"fetch('{beacon}onerror')\">",
        f"</style></script></title></textarea><svg onload=\"fetch('{beacon}svg')\">",
        f'" onmouseover="fetch(\'{beacon}over\')" autofocus onfocus="alert(1)',
        f"' style='background:url({beacon}style)'",
        f"--></option></select><iframe src={beacon}iframe></iframe>",
        f"]]><link rel=stylesheet href={beacon}css><base href={beacon}><meta http-equiv=refresh content=0;{beacon}>",
        f"![pixel]({beacon}markdown) [click](javascript:alert(1)) <{beacon}angle>",
        f"[ref]: {beacon}ref\n\n# head\n\n![ref] | cell || `code` \\",
        f"{beacon}bare HTTPS://EVIL.example WWW.evil.example www.evil.example mail@evil.example",
        "{{ 7 * 7 }}{% for x in range(9) %}{# #}${7*7}<%= 7 %>",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "&lt;b&gt; &amp; &#x3c;script&#x3e; &nbsp",
        BIDI,
        f"\u202e\u2067\u202b\u2066\u2068\u2029{BIDI}",
        f"{CONTROLS}\x1b]8;;{beacon}esc\x07",
        "a\ud800b\ufffe\uffff",
        "Donaudampfschifffahrt" * 5_000,
        "Z\u0301" * 100,
    )


def night_of(text: Callable[[], str], stories: int = 9, sentences_each: int = 4) -> Edition:
    """Return a night that has every part an edition can have; each of its texts is what `text` returns next.

    sentences_each: of a document under a category of a story.
    """
    documents = tuple(
        EditionDocument(k, text(), text(), f"./{text()}", f"x-{text()}", f"profile {k} {text()}", stories, text())
        for k in range(2)
    )
    categories = tuple(Category(k, text(), stories) for k in range(3))
    places = count(1)

    def sentences(n: int) -> tuple[Sentence, ...]:
        return tuple(Sentence(next(places), text(), 0.5, 5.0, text()) for _ in range(n))

    def paragraph(document: EditionDocument) -> Paragraph:
        # What stands before is told again in the pages of a large night, and on those of a small one linked to.
        return Paragraph(document, sentences(sentences_each), Beside(False, text), Beside(True, text))

    def sections() -> Iterator[Section]:
        for category in categories:
            yield Section(category, tuple(map(paragraph, documents)), 2 * sentences_each)

    return Edition(
        DAY,
        tuple(d.profile for d in documents),
        categories,
        documents,
        tuple(
            EditionStory(
                text(),
                tuple(Told(d, text(), 12) for d in documents),
                tuple(sections()),
                DAY if k else None,
                2,
                languages=(0, 1),
            )
            for k in range(stories)
        ),
        (Unplaced(documents[0], text(), sentences(2), lambda position: text()),),
        ((text(), text(), text()),),
        ((text(), 2), (text(), 1)),
        sentences=2 * stories,
        not_placed=2,
        languages=(Language(0, text(), text()), Language(1, text(), text())),
    )
