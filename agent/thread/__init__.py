"""The thread on this computer: what entries say, the decrypted mirror, the outbox."""
