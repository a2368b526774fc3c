"""The agent: works on this computer and talks with its person through the relay."""
