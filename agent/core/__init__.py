"""Pure decisions of the agent: no IO, clock and ids are injected."""
