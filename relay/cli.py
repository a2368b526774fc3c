"""``python -m relay serve``. Settings come from the environment; options go before them."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relay.config import RelayConfig


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="relay", description="The relay of Deskhand: keeps threads and passes them on."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the relay until it is stopped")
    serve.add_argument("--host", help="address to listen on (DESKHAND_RELAY_HOST, default 127.0.0.1)")
    serve.add_argument(
        "--port", type=int, help="port to listen on, 0 for a free one (DESKHAND_RELAY_PORT, default 8440)"
    )
    serve.add_argument("--data-dir", type=Path, help="where threads are kept (DESKHAND_RELAY_DATA_DIR)")
    serve.add_argument("--ready-fd", type=int, metavar="N", help="write the port to this open file when listening")
    options = parser.parse_args(arguments)
    given = {name: getattr(options, name) for name in ("host", "port", "data_dir")}
    return run({name: value for name, value in given.items() if value is not None}, options.ready_fd)


def run(given: dict[str, object], ready_fd: int | None) -> int:
    """Serve with these settings before those of the environment; an exit code."""
    from pydantic import ValidationError

    from relay.config import RelayConfig

    try:
        config = RelayConfig(**given)  # type: ignore[arg-type] # pydantic checks them
    except ValidationError as error:
        for wrong in error.errors():
            where = "".join(f"{name}: " for name in wrong["loc"])
            print(f"The relay does not start: {where}{wrong['msg'].removeprefix('Value error, ')}.", file=sys.stderr)
        return 2
    return _serve(config, ready_fd)


def _serve(config: RelayConfig, ready_fd: int | None) -> int:
    import structlog

    from relay.server import serve
    from relay.store.engine import DataInUse, NewerDatabase

    stamp = structlog.processors.TimeStamper("iso")
    structlog.configure(
        processors=[stamp, structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # standard output is for the one line that says ready
    )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)

    def announce(actual: RelayConfig) -> None:
        print(f"Relay is ready at {actual.origins[0]}", flush=True)
        if ready_fd is not None:
            os.write(ready_fd, f"{actual.port}\n".encode())
            os.close(ready_fd)

    try:
        asyncio.run(serve(config, announce))
    except KeyboardInterrupt:
        return 0
    except (DataInUse, NewerDatabase) as error:
        print(f"The relay does not start: {error}", file=sys.stderr)
    except OSError as error:
        where = f"{config.host}:{config.port}"
        print(f"The relay cannot listen on {where} or use {config.data_dir}: {error.strerror}.", file=sys.stderr)
    else:
        return 0
    return 1
