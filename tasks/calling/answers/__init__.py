"""What the models answered: under which key it is found again, and the store."""
