"""`.parquet`: a document a row; the columns `text` and, if they are there, `id`, `title`, `source`."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.jsonl import own
from nightdesk.tasks.reading.formats.packed import A_ROW, most_of
from nightdesk.tasks.safety.printable import message_line

_ROWS, _BYTES = 256, 8_000_000  # in memory at a time
_MOST_AT_LEAST = 10_000_000  # characters in all rows of a file, however small it is
_METADATA = ("id", "title", "source")


def read(file: BinaryIO, _charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every row of the file.

    Raises:
        DocumentError: it is no Parquet, has no text column, or no row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        schema = table.schema_arrow
        if schema.names.count("text") != 1 or not _is_text(schema.field("text").type):
            said = message_line(", ".join(f"{f.name} ({f.type})" for f in schema))[:200]
            raise DocumentError(f"no column of texts called text, but {said}; rename the right one")
        if not table.metadata.num_rows:
            raise DocumentError("no row in it; leave it out or fill it")
        most = most_of(file.seek(0, io.SEEK_END), _MOST_AT_LEAST)
        if table.metadata.num_rows * A_ROW > most:
            raise _repeats_too_much()
        # Of two columns of one name neither can be said to be meant.
        columns = ["text", *(c for c in _METADATA if schema.names.count(c) == 1)]
        # As dictionaries, in which a text that a thousand rows share is in memory once.
        shared = [c for c in columns if _is_text(schema.field(c).type)]
        table = pq.ParquetFile(file, metadata=table.metadata, read_dictionary=shared)
        number = size = 0
        for group in range(table.num_row_groups):
            rows = _rows_at_once(table.metadata.row_group(group))
            batches = table.iter_batches(batch_size=rows, row_groups=[group], columns=columns, use_threads=False)
            for batch in batches:
                for k in range(batch.num_rows):
                    number += 1
                    row = {c: _value(batch.column(c), k) for c in columns}
                    size += A_ROW + sum(len(v) for v in row.values() if isinstance(v, str | bytes))
                    if size > most:
                        raise _repeats_too_much()
                    yield _row(number, row)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        said = (str(e).splitlines() or [type(e).__name__])[0][:200]
        raise DocumentError(f"not Parquet that can be read ({said}); write it again") from None


def _repeats_too_much() -> DocumentError:
    return DocumentError("rows of more than 100 times its size; write them as .jsonl, and name that")


def _is_text(kind: Any) -> bool:
    """Tell whether a column's values are texts, however they are stored."""
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        is_one(kind)
        for is_one in (
            pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
            pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
        )
    )  # fmt: skip


def _rows_at_once(group: Any) -> int:
    """Return how many rows of a row group may be in memory, by how much its columns take unpacked."""
    size = sum(
        group.column(k).total_uncompressed_size
        for k in range(group.num_columns)
        if group.column(k).path_in_schema.split(".")[0] in ("text", *_METADATA)
    )
    return int(max(1, min(_ROWS, _BYTES * group.num_rows // max(1, size))))


def _value(column: Any, k: int) -> Any:
    """Return a cell; None if Python has no such value (a moment in nanoseconds, a year beyond its own)."""
    try:
        return column[k].as_py()
    except (ValueError, OverflowError, ArithmeticError, ImportError, NotImplementedError, UnicodeDecodeError):
        return None


def _row(number: int, data: dict[str, Any]) -> SourceRecord:
    place, body = f"row {number}", data["text"]
    try:
        if isinstance(body, bytes):
            body = decode(body)
        return SourceRecord(number, place, **own(data), body=body if isinstance(body, str) else "")
    except DocumentError as e:
        return SourceRecord(number, place, wrong=str(e))
