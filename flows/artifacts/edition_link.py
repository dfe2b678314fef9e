"""The link from a run's page to its edition, where something serves editions over http."""

import os
from pathlib import Path

READ_AT = "NIGHTDESK_READ_AT"  # the environment variable that says below which address OUT's editions are served


def edition_link(out: Path, edition: str | None) -> str | None:
    """Return the address of an edition's page; None if it was not made, or nothing is said to serve editions."""
    if edition is None or not (served := os.environ.get(READ_AT, "").rstrip("/")):
        return None
    return f"{served}/{Path(edition).relative_to(out / 'editions').as_posix()}"
