"""Attacks: a module for each way in, whose cases() names its attacks and what performs them."""
