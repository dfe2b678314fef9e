"""The data contracts: each table's columns and expectations, read from datasets/contracts/<table>.toml."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.shipped_data import folder

TABLES = ("passages", "topics", "documents", "passages_open", "calls", "judgements", "quarantine", "weights")
_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": pa.list_(pa.string()),
    "spans": pa.list_(pa.struct([pa.field("first", pa.int32()), pa.field("last", pa.int32())])),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """One table: its Arrow schema (version in the metadata), key, and expectations as (name, arguments).

    order: the columns by which its rows stand in a part.

    rows: what a single row must hold; whole: what the table as a whole must; derived: columns of the audit alone.
    """

    table: str
    schema: pa.Schema
    key: tuple[str, ...]
    order: tuple[str, ...]
    derived: Mapping[str, str]
    rows: tuple[Mapping[str, Any], ...]
    whole: tuple[Mapping[str, Any], ...]

    def build(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Make a table of dicts, in order, in the declared schema.

        Raises:
            pyarrow.ArrowInvalid: a value does not fit its column.
        """
        return self.sorted(pa.Table.from_pylist(list(rows), schema=self.schema))

    def build_columns(self, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
        """Make a table of all its columns, in order, in the declared schema.

        Raises:
            pyarrow.ArrowInvalid: a value does not fit its column.
        """
        return self.sorted(pa.Table.from_pydict(dict(columns), schema=self.schema))

    def sorted(self, table: pa.Table) -> pa.Table:
        """Bring rows into the order in which they stand in a part."""
        order = pc.sort_indices(table, [(k, "ascending") for k in self.order])
        # A batch's rows mostly are in order already, and to take them would copy all their text.
        return table if np.array_equal(order, np.arange(len(table))) else table.take(order)

    def conform(self, table: pa.Table, columns: list[str] | None = None) -> pa.Table:
        """Bring rows that an earlier version of the contract wrote into this one: columns that they lack are null."""
        schema = self.schema if columns is None else pa.schema([self.schema.field(c) for c in columns])
        values = [table[f.name] if f.name in table.schema.names else pa.nulls(len(table), f.type) for f in schema]
        return pa.table(values, names=schema.names).cast(schema)


@cache
def contract(table: str) -> Contract:
    """Read the contract of a table."""
    text = (folder("contracts") / f"{table}.toml").read_text(encoding="utf-8")
    c = tomllib.loads(text)
    fields = [
        pa.field(name, _TYPES[column["type"]], nullable=not column.get("required", False))
        for name, column in c["columns"].items()
    ]
    required = [
        {"expect": "expect_column_values_to_not_be_null", "column": name}
        for name, column in c["columns"].items()
        if column.get("required", False)
    ]
    schema = pa.schema(fields, metadata={"nightdesk_table": table, "nightdesk_schema_version": str(c["version"])})
    key, held = tuple(c["key"]), (*required, *c.get("rows", ()))
    order = tuple(c.get("order", key))
    return Contract(table, schema, key, order, c.get("derived", {}), held, tuple(c.get("whole", ())))
