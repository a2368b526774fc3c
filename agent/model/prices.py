"""What tokens cost, in US dollars per million, as published at the models' release."""

from __future__ import annotations

_PRICES: tuple[tuple[str, float, float], ...] = (
    ("claude-haiku-4-5", 1.0, 5.0),
    ("claude-sonnet-4-5", 3.0, 15.0),
    ("claude-opus-4-5", 5.0, 25.0),
)
"""(model name prefix, input, output). A model that is not here has no price: none is better than a wrong one."""

_CACHE_READ = 0.1
_CACHE_WRITE = 1.25
_MILLION = 1_000_000


def price_of(model: str, fresh: int, output: int, cache_read: int, cache_write: int) -> float | None:
    """Price of one call in US dollars; 0 for the rehearsal brain, None where the model is not in the table."""
    if model == "rehearsal":
        return 0.0
    for prefix, dollars_in, dollars_out in _PRICES:
        if model.startswith(prefix):
            charged = fresh + _CACHE_READ * cache_read + _CACHE_WRITE * cache_write
            return float(charged * dollars_in + output * dollars_out) / _MILLION
    return None
