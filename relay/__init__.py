"""The relay: keeps the threads and passes their entries between a phone and an agent."""
