"""The audit of provisional rows, asked without Great Expectations: whether a table holds to all of its contract.

Great Expectations takes 0.1 to 0.2 s of CPU for a table however small it is, and passages_open is written anew at each
tick. So its contract is asked of a frame directly. If all of it is met, there is nothing to decide; any other table,
and any expectation that is not known here, is for Great Expectations to decide. Published tables always are.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from nightdesk.tasks.tables.contracts import contract

_KNOWN = {"expect", "column", "column_list", "value_set", "min_value", "max_value", "value"}
_FIRST_ASKED = "expect_column_values_to_not_be_null"


def holds(name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]) -> bool:
    """Tell whether a table surely holds to its contract. Its arguments are those of tables.audit.audit."""
    rules = contract(name)
    for column, array in extra.items():
        table = table.append_column(column, array)
    expected = [*rules.rows, *rules.whole]
    if any(table[e["column"]].null_count for e in expected if e["expect"] == _FIRST_ASKED):
        return False
    asked = [e for e in expected if e["expect"] != _FIRST_ASKED]
    frame = table.to_pandas()
    for column, expression in rules.derived.items():
        frame[column] = frame.eval(expression, engine="python")
    return all(_is_met(frame, expectation, values) for expectation in asked)


def _is_met(frame: Any, expectation: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    ask = _ASKED.get(expectation["expect"])
    if ask is None or expectation.keys() - _KNOWN:
        return False
    return ask(frame, {k: values[v[1:]] if isinstance(v, str) and v[:1] == "$" else v for k, v in expectation.items()})


def _is_in_set(frame: Any, its: Mapping[str, Any]) -> bool:
    return bool(frame[its["column"]].dropna().isin(its["value_set"]).all())


def _is_between(frame: Any, its: Mapping[str, Any]) -> bool:
    return _within(frame[its["column"]].dropna(), its)


def _lengths_are_between(frame: Any, its: Mapping[str, Any]) -> bool:
    return _within(frame[its["column"]].dropna().str.len(), its)


def _within(column: Any, its: Mapping[str, Any]) -> bool:
    least, most = its.get("min_value"), its.get("max_value")
    return (least is None or bool((column >= least).all())) and (most is None or bool((column <= most).all()))


def _is_unique(frame: Any, its: Mapping[str, Any]) -> bool:
    return not frame[its["column"]].dropna().duplicated().any()


def _are_unique_together(frame: Any, its: Mapping[str, Any]) -> bool:
    return not frame.duplicated(subset=list(its["column_list"])).any()


def _is_as_long(frame: Any, its: Mapping[str, Any]) -> bool:
    return bool(len(frame) == its["value"])


_ASKED: Mapping[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "expect_column_values_to_be_in_set": _is_in_set,
    "expect_column_values_to_be_between": _is_between,
    "expect_column_value_lengths_to_be_between": _lengths_are_between,
    "expect_column_values_to_be_unique": _is_unique,
    "expect_compound_columns_to_be_unique": _are_unique_together,
    "expect_table_row_count_to_equal": _is_as_long,
}
