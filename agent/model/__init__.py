"""The brain: a server of the Messages API, and the built-in rehearsal brain."""
