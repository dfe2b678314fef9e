"""For how many nights the profiles of one OUT keep what, as each has said when it ran last.

What several profiles share is kept for the longest of their terms. A profile that has run here and says nothing keeps
everything for ever, so that no other profile's terms remove its data.
"""

from collections.abc import Mapping

from nightdesk.tasks.calling.answers.database import Database

Terms = Mapping[str, int | None]  # of answers, calls, editions, dates: nights; None: for ever
WHATS = ("answers", "calls", "editions", "dates")
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS terms (profile TEXT PRIMARY KEY, answers INTEGER, calls INTEGER, editions INTEGER, "
    "dates INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pruned (before TEXT PRIMARY KEY) WITHOUT ROWID",  # a row: the store was pruned
)
# One look in the index a profile, because the table has a row for each document of each date.
_PROFILES = """
WITH RECURSIVE p(name) AS (
    SELECT min(profile) FROM assignments
    UNION ALL SELECT (SELECT min(profile) FROM assignments WHERE profile > name) FROM p WHERE name IS NOT NULL
) SELECT name FROM p WHERE name IS NOT NULL
"""


def note(db: Database, profile: str, terms: Terms) -> None:
    """Write down a profile's terms, if they are not what stands there."""
    row = (profile, *(terms[what] for what in WHATS))
    if db.rows("SELECT * FROM terms WHERE profile = ?", (profile,)) != [row]:
        db.execute("INSERT OR REPLACE INTO terms VALUES (?, ?, ?, ?, ?)", row)


def of_all(db: Database) -> dict[str, Terms]:
    """Return the terms of every profile that has run here."""
    said = {row[0]: dict(zip(WHATS, row[1:], strict=True)) for row in db.rows("SELECT * FROM terms")}
    return {name: said.get(name, dict.fromkeys(WHATS)) for name in sorted({*said, *profiles(db)})}


def profiles(db: Database) -> list[str]:
    """Return the profiles that have documents in the store."""
    return [name for (name,) in db.rows(_PROFILES)]
