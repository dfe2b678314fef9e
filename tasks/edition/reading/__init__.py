"""Reading a night: its tables as columns, their order as a page tells them, and objects made as they are shown."""
