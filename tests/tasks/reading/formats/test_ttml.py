"""TTML: captions in XML, with the times that their writers give in a dozen ways."""

from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from tests.tasks.reading.written import one, read

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def tt(body: str, attributes: str = "") -> str:
    return (
        f'{HEAD}<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
        f'xmlns:ttm="http://www.w3.org/ns/ttml#metadata" {attributes}><head><metadata><ttm:title>x</ttm:title>'
        f"</metadata></head><body>{body}</body></tt>"
    )


@pytest.mark.parametrize("name", ["a.ttml", "a.dfxp", "a.xml"])
def test_captions_are_joined_and_keep_their_times(tmp_path: Path, name: str) -> None:
    d = one(
        tmp_path / name,
        tt(
            '<div><p begin="00:00:01.000" end="00:00:03.000">The mill<br/>has burnt.</p>\n'
            '<p begin="00:00:03.000" end="00:00:05.500">All <span tts="x">got\n out</span>.</p></div>'
        ),
    )
    assert d.texts == ("The mill has burnt.", "All got out.")
    assert d.starts == (1.0, 3.0)


@pytest.mark.parametrize(
    ("begin", "attributes", "seconds"),
    [
        ("00:01:02.5", "", 62.5),
        ("62.5s", "", 62.5),
        ("62500ms", "", 62.5),
        ("1.5m", "", 90.0),
        ("0.5h", "", 1800.0),
        ("00:00:02:12", 'ttp:frameRate="24"', 2.5),
        ("60f", 'ttp:frameRate="24"', 2.5),
        ("60f", 'ttp:frameRate="0"', 2.0),
        ("25000000t", 'ttp:tickRate="10000000"', 2.5),
        ("00:00:30:15", 'ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"', 30.5005),
        ("wrong", "", 0.0),
        ("", "", 0.0),
    ],
)
def test_times_are_read_in_every_way_they_are_written(
    tmp_path: Path, begin: str, attributes: str, seconds: float
) -> None:
    d = one(tmp_path / "a.ttml", tt(f'<div><p begin="{begin}">Shut again.</p></div>', attributes))
    assert d.starts is not None
    assert d.starts[0] == pytest.approx(seconds)


def test_a_division_shifts_what_is_in_it_and_words_may_have_their_own_times(tmp_path: Path) -> None:
    d = one(
        tmp_path / "a.ttml",
        tt(
            '<div begin="10s"><p begin="1s">Shut again.</p></div>'
            '<div><p><span begin="20s">It is</span> <span begin="21s">late.</span></p></div>'
        ),
    )
    assert d.texts == ("Shut again.", "It is late.")
    assert d.starts == (11.0, 20.0)


@pytest.mark.parametrize(
    "content", [tt(""), tt("<div/>"), f"{HEAD}<tt/>", "", "<p>x</p>", "no xml", tt("<div><p begin='1s'> </p></div>")]
)
def test_what_has_no_caption_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"a\.ttml: "):
        read(tmp_path / "a.ttml", content)


def test_no_other_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("The vault is open.")
    body = tt('<div><p begin="1s">It is: &x; so.</p></div>').removeprefix(HEAD)
    d = one(tmp_path / "a.ttml", f'{HEAD}<!DOCTYPE tt [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>{body}')
    assert "vault" not in " ".join(d.texts)
