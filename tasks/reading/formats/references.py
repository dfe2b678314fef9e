"""References to characters that there are not, as &#xd800; in XML: parsers fail at them, or make text that is none."""

import re

_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,99})|([0-9]{1,99}));?")


def mended(xml: str) -> str:
    """Return XML in which references to no character are U+FFFD."""
    return _REFERENCE.sub(_character, xml)


def _character(reference: "re.Match[str]") -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"
