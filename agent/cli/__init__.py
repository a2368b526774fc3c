"""The command line. Each command imports what it needs when it runs, so that help and errors come at once."""
