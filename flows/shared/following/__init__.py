"""What the flow `follow` is made of: its parameters, a date from its beginning to its end, and what a night spares."""
