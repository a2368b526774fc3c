"""The relay's own keys: made at the first start, kept in files that only the relay's user can read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from relay.protocol.jose import PrivateKey


def load_key(path: Path) -> PrivateKey:
    """The key in a file; a new one where there is no file."""
    if path.exists():
        return PrivateKey.from_jwk(json.loads(path.read_text("utf-8")))
    key = PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(key.private_jwk(), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return key
