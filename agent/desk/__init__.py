"""The desk: conversation, tasks, and what they need of the person."""
