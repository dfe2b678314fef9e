"""The data dictionary says what the contracts say."""

import tomllib

from docs import tables
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.tables.contracts import TABLES


def test_the_dictionary_is_what_the_contracts_make_of_it() -> None:
    assert tables.PAGE.read_text(encoding="utf-8") == tables.text(), "the contracts have changed: run `make docs`"


def test_every_column_and_every_expectation_stands_in_it() -> None:
    page = tables.text()
    for name in TABLES:
        contract = tomllib.loads((folder("contracts") / f"{name}.toml").read_text(encoding="utf-8"))
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert all(f"| {column} |" in section and c["about"] in section for column, c in contract["columns"].items())
        held = len(contract.get("rows", ())) + len(contract.get("whole", ()))
        assert section.count("\n- ") == held
