"""An XML parser that hands its text over in one piece.

Before its version 2.6 expat begins a tag again with each piece that comes, so that a long attribute in pieces of 64 kB
takes time that grows with its square. pyexpat cuts what it is handed into pieces of 1 MB, which are few.
"""

from xml.sax.expatreader import ExpatParser

_PIECE = 2**30  # bytes; no document has more


def create_parser() -> ExpatParser:
    """Return a parser; `xml.sax.make_parser` looks for a function of this name."""
    return ExpatParser(bufsize=_PIECE)
