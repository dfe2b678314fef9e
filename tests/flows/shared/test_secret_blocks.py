"""Keys in Prefect Secret blocks reach the process in which a flow runs, and nothing else."""

import subprocess
import sys
from pathlib import Path

from tests.flows.conftest import Desk

KEY, KNOWN = "made-up-key-7731", "what-the-environment-says"
PROFILE = """
name = "mine"
categories = { facts = "what is" }
[[models]]
name = "far"
family = "a"
provider = "openai"
api_key_env = "NIGHTDESK_FAR_KEY"
prices = { input = 1.0, output = 1.0 }
[[models]]
name = "near"
family = "b"
provider = "openai"
api_key_env = "NIGHTDESK_NEAR_KEY"
prices = { input = 1.0, output = 1.0 }
[[models]]
name = "static"
family = "c"
provider = "embedded"
"""
SCRIPT = """
import asyncio, os, sys
from nightdesk.flows.shared.secret_blocks import keys_into_environment
from prefect.blocks.system import Secret
from nightdesk.tasks.config.profile import load_profile

async def main():
    await Secret(value=sys.argv[2]).save("nightdesk-far-key")
    await Secret(value=sys.argv[2]).save("nightdesk-near-key")
    await keys_into_environment(load_profile(sys.argv[1]))
    print(os.environ["NIGHTDESK_FAR_KEY"], os.environ["NIGHTDESK_NEAR_KEY"])

asyncio.run(main())
"""


def test_a_secret_block_serves_where_the_environment_lacks_the_key(desk: Desk, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    env = {**desk.env, "NIGHTDESK_NEAR_KEY": KNOWN, "NIGHTDESK_FAR_KEY": ""}
    command = [sys.executable, "-c", SCRIPT, str(profile), KEY]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [KEY, KNOWN]
    assert KEY not in ran.stderr
