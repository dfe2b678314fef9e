"""How a question becomes an answer that passed the gate."""
