"""Bearer tokens for the HTTP twins: ten minutes, for one device of one thread."""

from __future__ import annotations

from collections.abc import Callable

from relay.protocol.errors import ErrorCode, Malformed, Refused
from relay.protocol.ids import is_key_id
from relay.protocol.jose import PrivateKey, read_token, sign_token

LIFETIME_S = 600
ISSUER = "deskhand-relay"


class Tokens:
    """Makes and reads tokens. They prove only who asks; whether the device is still a member is asked at each use."""

    def __init__(self, key: PrivateKey, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def make(self, thread: str, device: str) -> str:
        """A token for a device that has proved its key."""
        now = int(self._clock())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": device,
            "thread": thread,
            "iat": now,
            "exp": now + LIFETIME_S,
        }
        return sign_token(claims, self._key)

    def read(self, token: str) -> tuple[str, str]:
        """(thread, device) of a token of this relay. Raises `Refused` (unauthorized)."""
        try:
            claims = read_token(token, self._key.jwk, int(self._clock()))
        except Malformed as error:
            raise Refused(ErrorCode.UNAUTHORIZED, f"The token was not accepted: {error}.") from error
        match claims:
            case {"iss": str(issuer), "sub": str(device), "thread": str(thread), "iat": int(), "exp": int()} if (
                len(claims) == 5 and issuer == ISSUER and is_key_id(device) and is_key_id(thread)  # noqa: PLR2004
            ):
                return thread, device
        raise Refused(ErrorCode.UNAUTHORIZED, "The token is not of this kind.")
