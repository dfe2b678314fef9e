"""How a question becomes an answer that passed the format checker."""
