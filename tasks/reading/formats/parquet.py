"""`.parquet`: a document a row; the columns `text` and, if they are there, `id`, `title`, `source`."""

from collections.abc import Iterator
from typing import BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.jsonl import own

_ROWS = 256  # in memory at a time


def read(file: BinaryIO, _charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every row of the file.

    Raises:
        DocumentError: it is no Parquet, or has no text column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
        names = table.schema_arrow.names
        text = table.schema_arrow.field("text").type if "text" in names else None
        if text is None or not (pa.types.is_string(text) or pa.types.is_large_string(text)):
            raise DocumentError(f"no column of texts called text, but {', '.join(names)[:200]}; rename the right one")
        columns = [c for c in ("text", "id", "title", "source") if c in names]
        # As dictionaries, in which a text that a thousand rows share is in memory once.
        table = pq.ParquetFile(file, metadata=table.metadata, read_dictionary=columns)
        number = 0
        for batch in table.iter_batches(batch_size=_ROWS, columns=columns):
            for k in range(batch.num_rows):
                number += 1
                yield _row(number, {c: batch.column(c)[k].as_py() for c in columns})
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        raise DocumentError(f"not Parquet that can be read ({str(e).splitlines()[0][:200]}); write it again") from None


def _row(number: int, data: dict[str, object]) -> SourceRecord:
    place = f"row {number}"
    try:
        body = data["text"]
        return SourceRecord(number, place, **own(data), body=body if isinstance(body, str) else "")
    except DocumentError as e:
        return SourceRecord(number, place, wrong=str(e))
