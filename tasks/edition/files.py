"""Files of editions, each put in place whole."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nightdesk.tasks.safety.links import fresh


def put(path: Path, content: str | pa.Table) -> None:
    """Write a file whole or not at all. Whoever calls holds a lock, so that the staged file is its own."""
    staged = path.with_name(f"_{path.name}")
    try:
        if isinstance(content, str):
            fresh(staged).write_text(content, encoding="utf-8")
        else:
            pq.write_table(content, fresh(staged), compression="zstd")
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
