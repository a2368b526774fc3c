"""What the agent did and is about to do, fsynced before it is done (agent.md §2)."""
