"""Models that compute their answers here: no key, no network."""
