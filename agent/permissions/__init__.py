"""What a task may do, in which walls it does it, and how it is taken back."""
