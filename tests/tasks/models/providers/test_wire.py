"""What is sent to a server of models, and how much of its reply is read."""

import json
import resource
from pathlib import Path

import pytest

from nightdesk.tasks.errors import BadReply, ModelError, RateLimited, TransientError, Unanswered, Unusable
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.provider_errors import LONGEST_WAIT_S
from nightdesk.tasks.models.providers.wire import ALLOWED, MOST_REPLY, is_own
from nightdesk.tasks.models.worker import CallResult
from nightdesk.tasks.roles.replies import LONGEST_LABEL
from tests.servers import rude
from tests.servers.loopback import Listening, Reply, listening
from tests.tasks.models.made import KEY, ask

ENVIRONMENT = {
    "OPENAI_API_KEY": "secret-openai-key", "OPENAI_ADMIN_KEY": "secret-admin-key", "OPENAI_ORG_ID": "secret-org",
    "OPENAI_PROJECT_ID": "secret-project", "OPENAI_WEBHOOK_SECRET": "secret-webhook",
    "OPENAI_CUSTOM_HEADERS": "X-Corp: secret-custom\nAuthorization: Bearer secret-bearer",
    "ANTHROPIC_API_KEY": "secret-anthropic-key", "ANTHROPIC_AUTH_TOKEN": "secret-token",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Corp: secret-custom\nX-Api-Key: secret-x-key\nAuthorization: Bearer secret-bearer",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/elsewhere", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/elsewhere",
}  # fmt: skip


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDIN_KEY", KEY)


def asked(reply: Reply, provider: str = "openai", timeout_s: float = 20, key_env: str = "STANDIN_KEY") -> CallResult:
    """Ask a server once, knowing how it is held to JSON."""
    with listening(reply) as server:
        return of(server, provider, timeout_s, key_env)


def of(server: Listening, provider: str = "openai", timeout_s: float = 20, key_env: str = "STANDIN_KEY") -> CallResult:
    url = f"{server.url}/v1" if provider == "openai" else server.url
    (result,) = ask(
        ModelAddress(
            provider, "m", base_url=url, key_env=key_env, form="text", max_output_tokens=999, timeout_s=timeout_s
        )
    )
    return result


def one_line(error: ModelError | None) -> str:
    """Return what an error says, which a terminal can show."""
    assert error is not None
    said = str(error)
    assert said.isprintable()
    assert len(said) < 400
    return said


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (rude.long(50), "longer than 4 MB"),
        (rude.endless(), "longer than 4 MB"),
        (rude.endless(500), "longer than 4 MB"),
        (rude.endless(307, location="/v1/elsewhere"), "redirects more than"),
        (rude.bomb(), "longer than 4 MB"),
        (rude.bomb(2), "not compressed as we asked"),
        (rude.says("{}", content_encoding="br"), "not compressed as we asked"),
    ],
    ids=["50 MB", "endless", "endless error", "endless redirect", "bomb", "bomb in a bomb", "brotli"],
)
def test_a_reply_that_is_too_long_fails_with_one_reason(provider: str, reply: Reply, told: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = asked(reply, provider)
    assert told in one_line(result.error)
    assert isinstance(result.error, Unanswered | Unusable)  # it may be charged for, and counts as a failure
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


@pytest.mark.parametrize("reply", [rude.drip(), rude.drip_of_headers()], ids=["body", "headers"])
def test_a_reply_has_so_many_seconds_in_all(reply: Reply) -> None:
    result = asked(reply, timeout_s=1)
    assert one_line(result.error) == "no reply within 1 s"
    assert isinstance(result.error, Unanswered)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"groups":' * 100_000, "nested too deep"),
        ("[1," * 2_000 + '"' + "a" * 3_000_000, "the reply is not JSON"),
        (json.dumps({"groups": [{"label": "", "numbers": "1-100000"}] * 20_000}), "more numbers than any chunk"),
    ],
    ids=["deep", "deep groups", "many starts", "wide ranges"],
)
def test_a_reply_that_is_hard_to_read_is_a_bad_reply(text: str, told: str) -> None:
    result = asked(rude.says(text))
    assert told in one_line(result.error)
    assert isinstance(result.error, BadReply)


def test_json_that_is_nested_too_deep_is_no_reply() -> None:
    deep = rude.pieces(iter([b'{"choices":' * 100_000, b""]).__next__)
    result = asked(deep)
    assert isinstance(result.error, TransientError)
    assert "no JSON object" in one_line(result.error)


def test_labels_are_kept_to_a_length() -> None:
    result = asked(rude.says(json.dumps({"groups": [{"label": "\x1b[31m" + "x" * 100_000, "numbers": "1"}]})))
    assert result.answer is not None
    assert len(result.answer.groups[0].label) == LONGEST_LABEL


@pytest.mark.parametrize(
    "after",
    ["1e308", "99999999999999999999", "-5", "nan", "inf", "Fri, 31 Dec 9999 23:59:59 GMT", "\u00b2", "x" * 50_000],
)
@pytest.mark.parametrize("name", ["retry_after", "retry_after_ms"])
def test_nobody_has_us_wait_for_more_than_an_hour(name: str, after: str) -> None:
    error = asked(rude.refuses(429, **{name: after})).error
    assert isinstance(error, RateLimited)
    assert 0 <= error.retry_after <= LONGEST_WAIT_S


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_told_of_and_not_followed(provider: str, status: int) -> None:
    with (
        listening(rude.says(rude.ANSWER)) as other,
        listening(rude.redirects(lambda got: f"{other.url}{got.path}", status)) as server,
    ):
        result = of(server, provider)
        assert isinstance(result.error, Unusable)
        assert "it redirects to 127.0.0.1; if that is right, write it into base_url" in one_line(result.error)
        assert other.got == []


def test_a_redirect_on_the_same_server_is_followed_with_the_key() -> None:
    def once(got: rude.Got, handler: rude.BaseHTTPRequestHandler) -> None:
        to = rude.redirects(lambda got: f"{got.path}/") if not got.path.endswith("/") else rude.says(rude.ANSWER)
        to(got, handler)

    with listening(once) as server:
        assert of(server).answer is not None
        assert {got.headers["authorization"] for got in server.got} == {f"Bearer {KEY}"}
        assert server.got[0].body == server.got[1].body != b""


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_server_of_others_gets_its_key_and_nothing_of_the_environment(
    provider: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret-netrc\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with listening(rude.says(rude.ANSWER)) as server:
        of(server, provider)
        of(server, provider, key_env="")
    with_key, without = server.got
    for got, shown in ((with_key, KEY), (without, "none")):
        assert got.headers["authorization"] == f"Bearer {shown}"
        assert set(got.headers) <= {*ALLOWED, "authorization"}
        assert "secret" not in f"{got.headers} {got.path} {got.body!r}"


@pytest.mark.parametrize(
    ("provider", "base_url", "own"),
    [
        ("openai", "", True),
        ("openai", "https://api.openai.com/v1", True),
        ("openai", "https://eu.api.openai.com/v1", True),
        ("anthropic", "https://api.anthropic.com", True),
        ("openai", "http://api.openai.com/v1", False),
        ("openai", "https://api.openai.com.example.org/v1", False),
        ("openai", "https://notapi.openai.com@example.org/v1", False),
        ("openai", "https://fakeapi.openai.com/v1", False),
        ("openai", "https://api.anthropic.com", False),
        ("anthropic", "http://127.0.0.1:8000", False),
    ],
)
def test_only_the_providers_own_server_gets_what_the_environment_says(provider: str, base_url: str, own: bool) -> None:
    assert is_own(provider, base_url) is own


def test_a_long_answer_is_read() -> None:
    thought = "I wonder. " * 100_000
    result = asked(rude.says(f"<think>{thought}</think>{rude.ANSWER}", content_encoding="identity"))
    assert result.answer is not None
    assert len(thought) < MOST_REPLY


def test_a_compressed_answer_is_read() -> None:
    import gzip

    body = gzip.compress(rude.completion(rude.ANSWER))
    result = asked(rude.posted(lambda got, handler: rude.send(handler, body, content_encoding="gzip")))
    assert result.answer is not None
