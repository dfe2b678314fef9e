"""What is set: profiles, the models in them, prices, and the data that ships with the code."""
