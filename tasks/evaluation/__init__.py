"""How good it is: tables of labelled documents against their labels."""
