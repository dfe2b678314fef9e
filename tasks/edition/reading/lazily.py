"""A sequence that makes each of its members when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazily(Sequence[T]):
    """`length` members, of which the k-th is what `make` returns for k."""

    __slots__ = ("_length", "_make")

    def __init__(self, length: int, make: Callable[[int], T]) -> None:
        self._length, self._make = length, make

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, k: int) -> T: ...
    @overload
    def __getitem__(self, k: slice) -> "Sequence[T]": ...
    def __getitem__(self, k: int | slice) -> "T | Sequence[T]":
        if isinstance(k, slice):
            return [self._make(i) for i in range(*k.indices(self._length))]
        if not -self._length <= k < self._length:
            raise IndexError(k)
        return self._make(k % self._length)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, range(self._length))
