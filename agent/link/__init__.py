"""The way to the thread: keys, the socket, HTTP twins, adding and removing devices."""
