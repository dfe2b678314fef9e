"""Cells for a spreadsheet: text that Excel, LibreOffice or Sheets shows and never takes for a formula.

A spreadsheet runs a cell that begins with = + - or @, and some skip blanks, quotes or what is invisible before that.
The way of OWASP ("CSV injection"): an apostrophe stands before such text. A spreadsheet whose language separates cells
by semicolons would begin a cell after one, and a row after a line break, so text after these is treated alike.
"""

import re

MARK = "'"
LONGEST = 32_000  # UTF-16 units in a cell; Excel takes 32,767, and breaks a longer one into several
CUT = " [cut: too long for a spreadsheet]"
BOM = "\ufeff"  # by which Excel knows UTF-8
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # that XML, and so Excel, has not
_RETURN = re.compile("\r\n?|[\u2028\u2029]")
# \s holds every blank of Unicode; what follows it here is invisible, or a quote in one of its forms
_FORMULA = re.compile(
    "(^|[;\t\n|])(?=[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\"'`]*[=+\\-@＝＋－＠﹢﹣﹦﹫−])"
)
_BLANK_FIRST = ("\t", "\n")


def harmless(text: str) -> str:
    """Return a text as a cell that is shown and never run; control characters are left out, a very long text is cut."""
    text = _RETURN.sub("\n", text)
    text = _ILLEGAL.sub("", text)
    if len(text.encode("utf-16-le")) > 2 * LONGEST:
        text = text.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore") + CUT
    text = _FORMULA.sub(lambda m: f"{m[1]}{MARK}", text)
    return f"{MARK}{text}" if text.startswith(_BLANK_FIRST) else text
