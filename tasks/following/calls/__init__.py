"""What a follow asks of models: by which arm, for how many dollars, and how its calls are noted and published."""
