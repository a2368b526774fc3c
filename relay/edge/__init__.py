"""The relay's surface: the socket, its HTTP twins, web push and the phone page."""
