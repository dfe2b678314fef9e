"""What readers hand on: prose is cut when it is asked for, and a record is read by the reader that it names."""

from nightdesk.tasks.reading.formats.content import SourceRecord, prose


def test_prose_is_cut_into_numbered_sentences_and_lines_are_paragraphs() -> None:
    content = prose("The bridge is shut. Ferries run\n\nNobody knows until when.", title="The bridge")
    assert [text for _, text in content.sentences()] == [
        "The bridge is shut.",
        "Ferries run",
        "Nobody knows until when.",
    ]
    assert (content.empty, content.title) == (False, "The bridge")


def test_prose_of_blanks_is_empty() -> None:
    assert prose(" \n\t\n").empty
    assert list(prose(" \n\t\n").sentences()) == []


def test_a_record_is_prose_under_no_name_unless_it_says_otherwise() -> None:
    plain = SourceRecord(1, "line 1", body="It rains. It pours.")
    assert (plain.is_html, plain.headline_counts, plain.doc_id, plain.wrong) == (False, False, None, None)
