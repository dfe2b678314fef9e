"""Imports that a process does without: libraries that others import for what this process never does.

Great Expectations draws charts (altair), fits distributions (scipy) and reads databases (sqlalchemy); pyarrow looks for
pandas before it makes its first array. Each of these takes 0.3 to 1 s of CPU and tens of MB.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
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


class HollowImports(MetaPathFinder, Loader):
    """Has modules be empty: whatever is imported from one is a new, bare class. In force from the moment it is made.

    For libraries that import by name dozens of modules of their own, each of which makes classes that this process
    never uses. is_hollow: tells of a module's full name whether it is to be one.
    """

    def __init__(self, is_hollow: Callable[[str], bool]) -> None:
        self._is_hollow = is_hollow
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is to be empty."""
        return ModuleSpec(fullname, self) if self._is_hollow(fullname) else None

    def exec_module(self, module: ModuleType) -> None:
        """Fill it with nothing but a way to make the classes that are asked of it."""

        def made(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            bare = type(name, (), {"__module__": module.__name__})
            setattr(module, name, bare)
            return bare

        module.__dict__["__getattr__"] = made


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
