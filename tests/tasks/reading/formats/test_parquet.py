"""Tables with a column of texts: a document a row."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.errors import InputError
from tests.tasks.reading.written import read, summary


def test_a_table_with_a_text_column_is_documents(tmp_path: Path) -> None:
    table = pa.table({"id": ["x", None, None], "text": ["One.", None, "Three."], "year": [1, 2, 3]})
    pq.write_table(table, tmp_path / "wire.parquet", row_group_size=2)
    found = read(tmp_path / "wire.parquet")
    assert summary(found)[0] == ("x", "One.")
    assert summary(found)[2] == ("wire#3", "Three.")
    assert "row 2: no sentence in it" in summary(found)[1][1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"body": ["x"]}, "no column of texts called text, but body"), ({"text": [5]}, "no column of texts called text")],
)
def test_a_table_without_text_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.parquet")


def test_a_table_that_is_cut_off_is_refused_in_one_line(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["One."] * 100}), sink)
    for raw in (sink.getvalue()[:-20], b"PAR1 no", b""):
        with pytest.raises(InputError, match=r"a\.parquet: not Parquet that can be read") as e:
            read(tmp_path / "a.parquet", raw)
        assert "\n" not in str(e.value)
