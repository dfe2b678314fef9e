"""Writes docs/tables.md, the data dictionary, from the contracts in datasets/contracts/: python -m docs.tables."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.tables.contracts import TABLES
from nightdesk.tasks.tables.publish import REPLACED

PAGE = Path(__file__).with_name("tables.md")
_TYPES = {
    "timestamp": "timestamp (µs, UTC)",
    "strings": "list of string",
    "spans": "list of struct (first int32, last int32)",
}
_EXPECTATIONS = {
    "expect_column_values_to_be_in_set": "`{column}` is one of {value_set}",
    "expect_column_values_to_be_between": "`{column}` is {range}",
    "expect_column_value_lengths_to_be_between": "`{column}` has {range} letters",
    "expect_column_values_to_be_unique": "`{column}` does not repeat",
    "expect_compound_columns_to_be_unique": "{column_list} together do not repeat",
    "expect_table_row_count_to_equal": "there are as many rows as {value}",
}
_VALUES = {
    "$categories": "the profile's categories, or `unplaced`",
    "$topic_ids": "the ids in `topics`",
    "$sentences": "the documents have sentences",
}
_HEAD = """\
# The tables

Made from the contracts in `datasets/contracts/` by `make docs`; a test holds it to them.

    OUT/tables/<table>/run_date=YYYY-MM-DD/<part>.parquet

Parquet, zstd, rows in the order of the key (topics as they begin in their document), the declared Arrow schema in every
part and its version in the part's metadata (`nightdesk_schema_version`). `run_date` is in the path alone;
`nightdesk.scan`, pandas, pyarrow and duckdb add it as a column. Every batch adds a part. In {replaced} a document
that is published again for a date is replaced in its part, so that it stands there once; the other tables only grow.
`nightdesk compact` merges the parts of earlier dates; plain readers of these folders must wait meanwhile. The audit
checks every expectation below before anything is put in place.

`documents` is the commit: it is put in place last, and a document counts as published when it stands there. A run that
was killed between two moves leaves rows in `topics` and `passages` that are ahead of it until the next run, edition or
export completes the publication; `nightdesk.scan`, `to_pandas` and `connect` see it whole at any moment. A part that
cannot be read is named in a warning and its rows are left out; when its date is published again, it is moved to
`OUT/_staging/broken` and the documents to run again are named.

`topic_id` and `story_id` are fixed at first sight: a topic's derives from its document and the text of its first
sentence, a story's from the topic that began it. What was published keeps them when its document is published again,
with more text or under another date. Topics that become one keep the id of the earlier; `aliases` lists the others,
and the view `topic_aliases(topic_id, now)` of `nightdesk.connect` leads from each to what it is a part of now. Ids of
topics that 0.1 published are order numbers (`<doc_id>/t0001`), which tell topics apart within their date alone.

A stream that `follow` reads is one document a date, `<stream>@<date>`. What is settled of it is appended to the open
part of its date (`<run>.<attempt>-s<number>`), the one part that is rewritten, until it holds 5,000 sentences; its
row in `documents` and those of its topics are replaced where they stand. So until its day is over the rows of a
document are spread over the parts of that form; then each document stands in one part as those of a night do, topics
that were found to be one are one, and `documents` says the same as before. `nightdesk compact` leaves a day that is
open alone, and no night takes up its unfinished documents. Sentences that are not settled yet stand in
`passages_open`, filed for now:

    nightdesk.scan("out", "passages", start=today, open=True)  # both, each sentence once
"""
_FAILING = {"passages_open": ("A row is filed unplaced unless", "The earlier rows stay unless")}


def text() -> str:
    """Return the page."""
    replaced = ", ".join(f"`{name}`" for name in sorted(REPLACED))
    return "\n".join([_HEAD.format(replaced=replaced), *(line for name in TABLES for line in _table(name))])


def _table(name: str) -> Iterator[str]:
    contract = tomllib.loads((folder("contracts") / f"{name}.toml").read_text(encoding="utf-8"))
    yield f"## {name}"
    yield ""
    yield f"{contract['about']} Version {contract['version']}; key: {_names(contract['key'])}."
    yield ""
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for column, c in contract["columns"].items():
        null = "" if c.get("required", False) else "may be"
        yield f"| {column} | {_TYPES.get(c['type'], c['type'])} | {null} | {c['about']} |"
    yield ""
    derived = contract.get("derived", {})
    row, whole = _FAILING.get(name, ("A row goes to quarantine unless", "The batch is withheld unless"))
    yield from _expectations(row, contract.get("rows", ()), derived)
    yield from _expectations(whole, contract.get("whole", ()), derived)


def _expectations(lead: str, expectations: list[dict[str, Any]], derived: Mapping[str, str]) -> Iterator[str]:
    if not expectations:
        return
    yield f"{lead}:"
    yield ""
    for e in expectations:
        if e.get("value_set") == [True] and e.get("column") in derived:
            yield f"- {e['column'].replace('_', ' ')}: `{derived[e['column']]}`"
        else:
            yield f"- {_EXPECTATIONS[e['expect']].format(**_words(e))}"
    yield ""


def _words(expectation: Mapping[str, Any]) -> dict[str, str]:
    words = {name: _value(value) for name, value in expectation.items()} | {"column": expectation.get("column", "")}
    low, high = expectation.get("min_value"), expectation.get("max_value")
    least = "" if low is None else f"{'above' if expectation.get('strict_min') else 'at least'} {low}"
    most = "" if high is None else f"at most {high}"
    return words | {"range": " and ".join(filter(None, (least, most)))}


def _value(value: Any) -> str:
    if isinstance(value, list):
        return _names(value)
    return _VALUES.get(value, str(value)) if isinstance(value, str) else str(value)


def _names(names: list[Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
