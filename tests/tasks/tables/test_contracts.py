"""The contracts: every table has one, and what is built by it is in its schema and order."""

import pyarrow as pa
import pytest

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.tables.contracts import TABLES, contract
from tests.tasks.made import call, calls


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_contract(table: str) -> None:
    c = contract(table)
    assert (folder("contracts") / f"{table}.toml").exists()
    assert c.schema.metadata[b"nightdesk_table"] == table.encode()
    assert int(c.schema.metadata[b"nightdesk_schema_version"]) >= 1
    assert set(c.key) <= set(c.schema.names)
    assert "run_date" not in c.schema.names
    assert len(c.build([])) == 0


def test_rows_are_built_in_the_order_of_the_key_and_in_the_schema() -> None:
    table = calls(call("c"), call("a"), call("b"))
    assert table["call_id"].to_pylist() == ["a", "b", "c"]
    assert table.schema.equals(contract("calls").schema, check_metadata=True)


def test_a_value_that_does_not_fit_its_column_is_refused() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        calls(call("a", attempts="three"))
