"""One file a version, applied in order, never changed after a release."""
