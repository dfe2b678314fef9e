"""Imports that a process does without: libraries that others import for what this process never does.

Great Expectations draws charts (altair), fits distributions (scipy) and reads databases (sqlalchemy); pyarrow looks for
pandas before it makes its first array. Each of these takes 0.3 to 1 s of CPU and tens of MB.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec
from types import ModuleType


class LeanImports(MetaPathFinder):
    """Puts some modules off until they are used, and has others not be there. In force from the moment it is made."""

    def __init__(self, put_off: Sequence[str], absent: Sequence[str]) -> None:
        self._put_off, self._absent = put_off, absent
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is put off; refuse one that is not to be there."""
        if fullname in self._absent:
            raise ModuleNotFoundError(f"{fullname} is not used in this process", name=fullname)
        if fullname not in self._put_off:
            return None
        sys.meta_path.remove(self)
        try:
            spec = find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def keep_pandas_out() -> None:
    """Have pyarrow never import pandas in this process, which then cannot make frames; nothing where it is there."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    absent = LeanImports(put_off=(), absent=("pandas",))
    try:
        pa.array([None])  # pyarrow looks for pandas now, and never again
    finally:
        sys.meta_path.remove(absent)
