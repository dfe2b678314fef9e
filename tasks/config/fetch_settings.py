"""What a profile says of fetching text from addresses: its table [fetch]."""

from pydantic import Field

from nightdesk.tasks.config.toml_table import Table


class FetchSettings(Table):
    """allow_private: whether addresses of this machine and of private networks may be asked.

    total_s: seconds that an address may take in all: its name, its redirects, its text, and further attempts.
    entries: how many entries of a feed from an address are read.
    kept_mb: how many megabytes of answers are kept below OUT, so that what has not changed need not be sent again; 0:
    none. kept_days: after so many days without use an answer is removed.
    """

    allow_private: bool = False
    total_s: float = Field(60.0, gt=0, le=3600)
    entries: int = Field(10_000, ge=1)
    kept_mb: float = Field(200.0, ge=0)
    kept_days: float = Field(30.0, gt=0)
