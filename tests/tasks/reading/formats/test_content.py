"""What readers hand on: prose is cut when it is asked for, and a record is read by the reader that it names."""

from nightdesk.tasks.reading.formats.content import Content, SourceRecord, prose


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


def test_a_record_is_prose_unless_it_names_another_reader() -> None:
    plain = SourceRecord(1, "line 1", body="It rains. It pours.")
    assert len(plain.reader(plain.body).sentences()) == 2
    whole = SourceRecord(2, "line 2", body=plain.body, reader=lambda body: Content(lambda: [("1", body)], not body))
    assert list(whole.reader(whole.body).sentences()) == [("1", plain.body)]
