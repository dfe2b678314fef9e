"""python -m tests.servers.llm --port N --models FILE: play the models of a world over HTTP on the loopback."""

import argparse
import os
import socket
import sys
from pathlib import Path

import uvicorn

from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.simulation.environments import parse_world
from tests.servers.llm.app import make_app
from tests.servers.llm.standin import BatchSettings, StandIn


def main() -> None:
    """Start the server and say where it listens."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.llm", description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="a world of models: see benchmarks/models.toml")
    parser.add_argument("--port", type=int, default=0, help="0: a free one, which is printed")
    parser.add_argument("--seed", type=int, default=0, help="what spoils and delays are drawn with")
    parser.add_argument("--haste", type=float, default=1.0, help="what delays are multiplied with; 0: answer at once")
    parser.add_argument("--api-key-env", default="", help="the environment variable with the key that must be shown")
    parser.add_argument("--batch-delay", type=float, default=0.0, help="seconds until a batch is done")
    parser.add_argument("--batch-fail", type=float, default=0.0, help="share of a batch's items that fail")
    parser.add_argument("--batch-expire", type=float, default=0.0, help="share of a batch's items that expire")
    parser.add_argument("--batch-most", type=int, default=50_000, help="requests that a batch may hold")
    options = parser.parse_args()
    key = os.environ.get(options.api_key_env, "") if options.api_key_env else ""
    try:
        standin = StandIn(parse_world(options.models.read_text(encoding="utf-8")), options.seed, options.haste, key)
    except (OSError, SettingsError) as e:
        sys.exit(f"{options.models}: {e}")
    standin.batch = BatchSettings(options.batch_delay, options.batch_fail, options.batch_expire, options.batch_most)
    with socket.create_server(("127.0.0.1", options.port), backlog=512) as listening:
        port = listening.getsockname()[1]
        print(f"models {', '.join(standin.players)} at http://127.0.0.1:{port}/v1 (Anthropic: without /v1)", flush=True)
        config = uvicorn.Config(make_app(standin), log_level="critical", access_log=False, timeout_keep_alive=60)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
