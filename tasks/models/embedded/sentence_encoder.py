"""A sentence-transformers model from a folder of one's own, in the place of the static vectors.

An optional extra (`pip install 'nightdesk[local]'`): torch is large, and on two cores it embeds some hundred sentences
a second, where static vectors take thousands. Nothing is downloaded: the folder is there, or the profile is refused.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.config.encoder_folder import fingerprint
from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.models.embedded.common_words import Similarity, vocabulary_costs
from nightdesk.tasks.models.embedded.segmentation import Costs, direction_cost
from nightdesk.tasks.models.embedded.vectors import CACHED_SENTENCES, unit

BATCH = 64


class Local(Static):
    """As Static, with the vectors of a sentence encoder: it knows paraphrases, in the languages it was made for."""

    direction = 10.0

    @classmethod
    def version(cls, path: str) -> str:
        """Return what tells two models apart that may lie in one folder."""
        return f"{cls.VERSION}-{fingerprint(path)}"

    def __init__(self, penalty: float, path: str) -> None:
        super().__init__(penalty)
        self._encoder = _load(path)
        self._known: dict[str, NDArray[np.float32]] = {}

    def _costs(self, sentences: Sequence[str]) -> Costs:
        return self.direction * direction_cost(self._encoded(sentences)) + vocabulary_costs(sentences)

    def _alike(self, texts: Sequence[Sequence[str]], terms: Similarity, share: float) -> Similarity:
        means = unit(np.stack([self._encoded(text).sum(axis=0) for text in texts]))
        return np.asarray((1 - share) * terms + share * (means @ means.T), np.float32)

    def _encoded(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per sentence, shape (n, d); what is new goes through the encoder in batches."""
        missing = list(dict.fromkeys(s for s in sentences if s not in self._known))
        if missing:
            if len(self._known) + len(missing) > CACHED_SENTENCES:
                self._known.clear()
                missing = list(dict.fromkeys(sentences))
            vectors = self._encoder.encode(missing, batch_size=BATCH, show_progress_bar=False)
            self._known.update(zip(missing, unit(np.asarray(vectors, np.float32)), strict=True))
        return np.stack([self._known[s] for s in sentences])


def _load(path: str) -> Any:
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(path, device="cpu", local_files_only=True)
