"""Prompt caching as the providers do it: a front of the prompt that was seen in the last minutes costs less."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil

KEPT_S = 300.0
LEAST = 1024  # tokens; a shorter front is not kept
BLOCK = 128  # tokens; OpenAI's fronts grow by so many
BYTES = 4  # of UTF-8 a token: close enough for text, and the same everywhere


def tokens(text: str) -> int:
    """Count the tokens of a text."""
    return ceil(len(text.encode()) / BYTES)


@dataclass(frozen=True, slots=True)
class Fronts:
    """The fronts of one prompt: (digest, tokens), shortest first; and how many tokens of it are known already."""

    fronts: tuple[tuple[bytes, int], ...]
    known: int


class PromptCache:
    """Which fronts a model has seen, and when."""

    def __init__(self) -> None:
        self._seen: dict[bytes, float] = {}

    def look(self, model: str, parts: Sequence[tuple[str, bool]], now: float) -> Fronts:
        """Look a prompt up. parts: (text, whether a front ends here); with no end marked, fronts end every BLOCK."""
        marked = any(ends for _, ends in parts)
        fronts = self._marked(model, parts) if marked else self._blocks(model, "".join(text for text, _ in parts))
        known = [size for digest, size in fronts if now - self._seen.get(digest, -KEPT_S - 1) <= KEPT_S]
        return Fronts(tuple(fronts), max(known, default=0))

    def keep(self, looked: Fronts, now: float) -> None:
        """Remember the fronts of a prompt that was answered."""
        self._seen.update((digest, now) for digest, _ in looked.fronts)

    def _marked(self, model: str, parts: Sequence[tuple[str, bool]]) -> list[tuple[bytes, int]]:
        h, size, fronts = blake2b(model.encode(), digest_size=16), 0, []
        for text, ends in parts:
            h.update(text.encode() + b"\0")
            size += tokens(text)
            if ends and size >= LEAST:
                fronts.append((h.digest(), size))
        return fronts

    def _blocks(self, model: str, text: str) -> list[tuple[bytes, int]]:
        h, data, fronts = blake2b(model.encode(), digest_size=16), text.encode(), []
        step = BLOCK * BYTES
        for end in range(step, len(data) + 1, step):
            h.update(data[end - step : end])
            if end // BYTES >= LEAST:
                fronts.append((h.digest(), end // BYTES))
        return fronts
