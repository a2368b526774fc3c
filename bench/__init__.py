"""Measurements and long runs; what they find stands in RESULTS.md."""
