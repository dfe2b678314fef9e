"""Which format a file has: by its suffix, or, for what comes from the network, by what the server calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nightdesk.tasks.reading.formats.content import Many, Single


@dataclass(frozen=True, slots=True)
class Format:
    """module: the one that reads it, by its `read`. many: a file holds many documents. binary: it is no text."""

    module: str
    many: bool = False

    @property
    def read(self) -> Callable[..., Any]:
        """Return the reader; importing it may take a moment."""
        read: Single | Many = import_module(f"nightdesk.tasks.reading.formats.{self.module}").read
        return read


PROSE, LISTED, MARKDOWN, HTML, CAPTIONS = (Format(m) for m in ("prose", "json_pairs", "markdown", "html", "captions"))
JSONL, PARQUET, FEED = (Format(m, many=True) for m in ("jsonl", "parquet", "feed"))
FORMATS = {
    ".txt": PROSE, ".json": LISTED, ".md": MARKDOWN, ".markdown": MARKDOWN, ".html": HTML, ".htm": HTML,
    ".srt": CAPTIONS, ".vtt": CAPTIONS, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET,
    ".xml": FEED, ".rss": FEED, ".atom": FEED,
}  # fmt: skip
