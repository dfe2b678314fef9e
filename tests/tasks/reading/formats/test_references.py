"""References in XML: those to characters stay, those to none become U+FFFD."""

from nightdesk.tasks.reading.formats.references import mended


def test_references_to_no_character_are_mended() -> None:
    assert mended("a&#xD800;b&#56320;c&#1114112;d&#99999999999;") == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert mended("&#65;&#x1F600;&amp;&#x10FFFF;&#;") == "&#65;&#x1F600;&amp;&#x10FFFF;&#;"
