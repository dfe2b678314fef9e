"""Secrets of the environment in logs, errors and what ends a process."""

import base64
import logging
import subprocess
import sys

import pytest

from nightdesk.tasks.config.secrets import HIDDEN, hide_secrets, keep_secret, without_secrets

SECRET = "planted-unit-41d7aa"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("SOME_API_KEY", SECRET, SECRET),
        ("some_token", SECRET, SECRET),
        ("MY_WEBHOOK_URL", f"https://hooks.example.org/{SECRET}", f"https://hooks.example.org/{SECRET}"),
        ("ANY_DATABASE_URL", f"postgresql+asyncpg://me:{SECRET}@db:5432/x", SECRET),
        ("ANY_PROXY", f"http://me:p%40{SECRET}@proxy:3128", f"p@{SECRET}"),
        ("OPENAI_CUSTOM_HEADERS", f"X-One: a\nX-Two: {SECRET}", SECRET),
        ("PREFECT_SERVER_API_AUTH_STRING", f"admin:{SECRET}", base64.b64encode(f"admin:{SECRET}".encode()).decode()),
    ],
)
def test_what_a_variable_holds_is_blanked(
    name: str, value: str, shown: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, value)
    hide_secrets()
    log = logging.getLogger("some.library")
    with caplog.at_level(logging.DEBUG):
        log.debug("headers %s of %s", {"authorization": f"Bearer {shown}"}, b"bytes")
        try:
            raise ValueError(f"refused: {shown}")
        except ValueError:
            log.exception("it failed")
    assert shown not in caplog.text
    assert caplog.text.count(HIDDEN) >= 2
    assert "ValueError: refused" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "falsehoods1"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-agent.sock"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json"),
        ("POSTGRES_PASSWORD", "prefect"),
        ("PY_KEY_VALUE", "true"),
        ("HOMEPAGE", "https://example.org/a:b"),
    ],
)
def test_what_is_no_secret_is_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    hide_secrets()
    assert without_secrets(f"it is {value}.") == f"it is {value}."


def test_a_key_that_was_read_is_blanked_whatever_its_variable_is_called() -> None:
    keep_secret("  a-key-of-no-name-1\n")
    keep_secret("a-key-of-no-name-1-and-more")
    assert without_secrets("a-key-of-no-name-1-and-more, a-key-of-no-name-1") == f"{HIDDEN}, {HIDDEN}"


def test_a_process_that_ends_by_an_error_tells_no_secret() -> None:
    script = (
        "import os; from nightdesk.tasks.config.secrets import hide_secrets; hide_secrets();"
        "raise RuntimeError(f'refused: {os.environ[\"A_PASSWORD\"]}')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], env={"A_PASSWORD": SECRET}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert SECRET not in ended.stderr
    assert f"RuntimeError: refused: {HIDDEN}" in ended.stderr


def test_secrets_stay_hidden_where_others_replace_what_makes_records(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    hide_secrets()
    logging.setLogRecordFactory(logging.LogRecord)
    hide_secrets()
    logging.getLogger("some.library").warning("refused: %s", SECRET)
    assert SECRET not in caplog.text
