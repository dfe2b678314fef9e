"""What a topic is known by in other documents and nights, as it is written: its vector's kind, its packed terms."""

import numpy as np

VECTOR_KIND = "hashed-words-512"
"""What the vectors of topics are: embedded.vectors.hashed_terms. Whoever makes others names another kind."""

TERM = np.dtype([("word", "<u4"), ("rarity", "u1"), ("count", "u1"), ("parts", "u1")])
"""A packed term: the hash of a name or a word; -log of its share of topics in text at large, times RARITY_SCALE; how
often it is said; of how many words the name is that it is a part of."""

RARITY_SCALE = 30.0
TOPICS = 100.0  # that text at large counts for, beside those of the nights
