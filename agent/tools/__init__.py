"""What the agent can do with files, tables and documents. Tools see files only through `agent.core.ports.Workspace`."""
