"""How a run is stopped: what tells it to, and how it ends."""
