"""Decisions of the relay: pure, no IO, no clock of its own."""
