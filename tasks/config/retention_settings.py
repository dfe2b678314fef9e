"""[retention] of a profile: for how many nights what OUT holds is kept."""

from pydantic import Field

from nightdesk.tasks.config.toml_table import Table


class Retention(Table):
    """Nights for which things are kept, that of the run included; left out: for ever.

    answers: answers and records of published calls, in the answers' store. calls: the tables calls, judgements and
    quarantine. editions: the pages. dates: whole dates, all of the above and every other table of them included.
    """

    answers: int | None = Field(None, ge=1)
    calls: int | None = Field(None, ge=1)
    editions: int | None = Field(None, ge=1)
    dates: int | None = Field(None, ge=1)

    @property
    def is_set(self) -> bool:
        """Tell whether anything is not kept for ever."""
        return any(self.terms().values())

    def terms(self) -> dict[str, int | None]:
        """Return the nights for which each is kept; nothing is kept longer than its date."""
        given = self.model_dump()
        whole = given["dates"]
        return {
            what: min((n for n in (nights, whole) if n is not None), default=None) for what, nights in given.items()
        }
