"""Settings of the relay: the only reader of the environment (``DESKHAND_RELAY_*``)."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from relay.protocol.frames import HELLO_WITHIN_S, Limits

MIN_INVITE_CHARS = 16


class RelayConfig(BaseSettings):
    """Everything that can be set. Sizes are in bytes, times in seconds.

    ``origins`` are the addresses people open, without a path; with none given, those of this machine.
    """

    model_config = SettingsConfigDict(env_prefix="DESKHAND_RELAY_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8440
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("deskhand") / "relay")
    origins: Annotated[tuple[str, ...], NoDecode] = ()
    page_dir: Path = Path(__file__).parent / "page"
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose X-Forwarded-For is believed, comma-separated."""

    registration: Literal["open", "invite", "closed"] = "open"
    invite: SecretStr | None = None

    vapid_subject: str | None = None
    """Whom a push service may write to: ``mailto:you@example.org`` or an https address. Default: the first origin."""
    push_allow_loopback: bool = False

    appends_per_minute: PositiveInt = 600
    live_per_second: PositiveInt = 40
    hellos_per_minute: PositiveInt = 60
    pairings_per_hour: PositiveInt = 20
    blob_bytes: PositiveInt = 512 * 1024 * 1024
    storage_bytes: PositiveInt = 10 * 1024 * 1024 * 1024
    hello_within_s: PositiveFloat = HELLO_WITHIN_S
    slow_reader_s: PositiveFloat = 20
    long_poll_s: PositiveFloat = 25

    @field_validator("origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            url = urlsplit(origin)
            if url.scheme not in ("http", "https") or not url.hostname or origin != f"{url.scheme}://{url.netloc}":
                raise ValueError(f"{origin} is not an address like https://relay.example.org, without a path")
            if url.scheme == "http" and not is_loopback(url.hostname):
                raise ValueError(
                    f"{origin} is not encrypted, and a phone's browser refuses it. Put TLS before the relay "
                    "(Caddy, Tailscale Serve) and give its https address"
                )
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not is_loopback(self.host) and not any(origin.startswith("https:") for origin in self.origins):
            raise ValueError(
                f"listening on {self.host} reaches beyond this machine without encryption. Listen on 127.0.0.1, or put "
                "TLS before the relay and set DESKHAND_RELAY_ORIGINS to its https address"
            )
        invite = "" if self.invite is None else self.invite.get_secret_value()
        if self.registration == "invite" and len(invite) < MIN_INVITE_CHARS:
            raise ValueError(
                f"registration by invite needs DESKHAND_RELAY_INVITE, a secret of at least {MIN_INVITE_CHARS} characters"
            )
        if self.vapid_subject is not None and not self.vapid_subject.startswith(("mailto:", "https://")):
            raise ValueError("the VAPID subject is a mailto: or https: address at which push services reach you")
        if self.push_allow_loopback and not is_loopback(self.host):
            raise ValueError("pushing to loopback addresses is for tests on 127.0.0.1")
        return self

    def listening_at(self, port: int) -> RelayConfig:
        """The settings once the port is known: the origins follow it."""
        default = (f"http://localhost:{port}", f"http://127.0.0.1:{port}")
        return self.model_copy(update={"port": port, "origins": self.origins or default})

    @property
    def subject(self) -> str:
        """Whom a push service may write to."""
        public = [origin for origin in self.origins if origin.startswith("https:")]
        return self.vapid_subject or (public[0] if public else "mailto:deskhand@localhost")

    @property
    def limits(self) -> Limits:
        """What devices are told."""
        return Limits(
            appends_per_minute=self.appends_per_minute,
            live_per_second=self.live_per_second,
            blob_bytes=self.blob_bytes,
            storage_bytes=self.storage_bytes,
        )


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
