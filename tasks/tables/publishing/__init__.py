"""Publishing: how a change to the tables of a date is decided at one moment and carried out whatever is killed."""
