"""What a process leaves out: looked at in processes of their own, because what is imported stays."""

import subprocess
import sys

import pytest

PUT_OFF = """
import sys
from nightdesk.tasks.config.lean_imports import LeanImports
LeanImports(put_off=("wave",), absent=("colorsys",))
import wave
assert "open" not in object.__getattribute__(wave, "__dict__")
assert wave.open
try:
    import colorsys
except ImportError:
    print("absent")
"""
NO_PANDAS = """
import sys
from nightdesk.tasks.config.lean_imports import keep_pandas_out
keep_pandas_out()
import pyarrow as pa
import pyarrow.dataset
assert pa.table({"a": [1, None, 3.5], "b": [["x"], None, []]}).to_pylist()[1] == {"a": None, "b": None}
assert "pandas" not in sys.modules
import pandas
print("absent")
"""
HOLLOW = """
from nightdesk.tasks.config.lean_imports import HollowImports
HollowImports(lambda name: name in ("wave", "xml.dom"))
import xml.sax
import wave
from wave import Wave_read, Wave_write
from xml.dom import minidom
assert Wave_read is wave.Wave_read is not Wave_write and isinstance(minidom, type)
try:
    from wave import __all__
except ImportError:
    print("absent")
"""


@pytest.mark.parametrize("code", [PUT_OFF, NO_PANDAS, HOLLOW], ids=["put off and absent", "pandas", "hollow"])
def test_what_is_left_out_is_not_loaded_before_it_is_used(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "absent\n"), done.stderr
