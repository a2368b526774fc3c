"""The published protocol: pure functions and wire types, no IO. ``SPEC.md`` holds its numbered rules."""
