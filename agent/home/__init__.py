"""At home on this computer: first folder, start, notifications."""
