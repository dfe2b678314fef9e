"""What runs from the UI may use: profiles, folders, files, hosts; checked by itself and through `nightdesk serve`."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.templating import apply_values

from nightdesk.flows.serve.deploy_settings import settings
from nightdesk.flows.shared.allowed import VARIABLE, Allowed, allow_served, check_parameters, load
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.parameters import AdhocParameters, EvaluateParameters, LearnParameters, RunParameters
from nightdesk.tasks.errors import InputError
from tests.heard import Heard, two_heard
from tests.serving import Served, serving
from tests.tables import rows
from tests.texts import write_evening

ROOT = Path(__file__).resolve().parents[3]
WHO = "the operator says so"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder, which is the current one, with wires, a link out of them, and what nobody may read."""
    for folder in ("wires/2026-02-03", "wires/sub", "secret"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("wires/a.txt", "wires/2026-02-03/b.txt", "wires/sub/c.txt", "secret/s.txt", "label.json"):
        (tmp_path / file).write_text("A sentence.")
    (tmp_path / "wires/2026-02-04").symlink_to(tmp_path / "secret")
    (tmp_path / "wires/link.txt").symlink_to(tmp_path / "secret" / "s.txt")
    (tmp_path / "wires/sub/link.txt").symlink_to(tmp_path / "secret" / "s.txt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def wires(desk: Path, **more: Any) -> Allowed:
    return Allowed(out=(str(desk / "out"),), sources=(str(desk / "wires"),), who=WHO, **more)


def refused(parameters: Any, allowed: Allowed) -> str:
    with pytest.raises(InputError) as told:
        check_parameters(parameters, allowed)
    (line,) = str(told.value).splitlines()
    return line


@pytest.mark.parametrize("source", ["wires", "wires/a.txt", "wires/2026-02-03/*.txt", "wires/a*", "wires/./a.txt"])
def test_what_is_below_what_is_served_may_be_read(desk: Path, source: str) -> None:
    allowed = wires(desk)
    if source == "wires":
        source = str(desk / "wires")  # as it is served, links and all: the operator has named it
    asked = RunParameters(sources=[source], out="out")
    assert check_parameters(asked, allowed) == asked


@pytest.mark.parametrize(
    "source",
    ["secret", "secret/s.txt", "/etc/hostname", "-", " - ", "wires/../secret/s.txt", "wires/sub/../a.txt", "..", "/",
     "wires/link.txt", "wires/2026-02-04", "wires/2026-02-04/s.txt", "wires/*/s.txt", "wires/*.txt", "wires/sub",
     "wires/{run_date}", "wires/{run_date}/*.txt", "*/s.txt", "secret/{run_date}.txt", "~/a.txt", "a\0b", "**x/[",
     "file:///etc/hostname", "x" * 5000, "wires2"],
)  # fmt: skip
def test_what_is_not_below_it_or_leads_out_of_it_may_not(desk: Path, source: str) -> None:
    line = refused(RunParameters(sources=["wires/a.txt", source], out="out"), wires(desk))
    assert line.startswith("source ")
    assert str(desk / "wires") in line  # what is allowed
    assert line.endswith(WHO)


def test_a_glob_a_dated_folder_and_a_file_that_are_served_open_no_more_than_their_folders(desk: Path) -> None:
    (desk / "wires/2026-02-04").unlink()
    served = Allowed(out=("out",), sources=(f"{desk}/wires/{{run_date}}", "secret/s.txt"), who=WHO)
    for source in (f"{desk}/wires/{{run_date}}", "wires/{run_date}", "wires/2026-02-03/b.txt", "secret/s.txt"):
        check_parameters(RunParameters(sources=[source], out="out"), served)
    (desk / "secret/t.txt").write_text("Another.")
    assert refused(RunParameters(sources=["secret/t.txt"], out="out"), served).startswith("source 'secret/t.txt'")


@pytest.mark.parametrize(
    ("address", "permitted"),
    [("https://feeds.example.org/a", True), ("http://FEEDS.example.org:8080/a", True), ("https://a.b.test/", True),
     ("http://10.0.0.7:8080/x", True), ("http://10.0.0.7/x", False), ("https://example.org/a", False),
     ("https://feeds.example.org.evil.test/", False), ("https://feeds.example.org@evil.test/", False),
     ("http://127.0.0.1:4200/api", False), ("https://one.test/feed", True), ("https://one.test/other", False),
     ("https://[::1]/", False), ("https://[/", False), ("https://one.test/2026-02-03.xml", True)],
)  # fmt: skip
def test_addresses_are_those_of_allowed_hosts_and_those_that_are_served(address: str, permitted: bool) -> None:
    allowed = Allowed(
        out=("out",),
        sources=("https://one.test/feed", "https://one.test/{run_date}.xml"),
        hosts=("feeds.example.org", "*.b.test", "10.0.0.7:8080"),
        who=WHO,
    )
    asked = AdhocParameters(sources=[address], out="out")
    if permitted:
        check_parameters(asked, allowed)
    else:
        line = refused(asked, allowed)
        assert line.startswith("address ") and "feeds.example.org" in line and line.endswith(WHO)


def test_profiles_are_shipped_or_served_and_out_is_the_served_one(desk: Path) -> None:
    allowed = wires(desk, profiles={"mine": "/srv/mine.toml"})
    asked = {"profile": "mine", "out": str(desk / "out")}
    assert check_parameters(LearnParameters(**asked), allowed).profile == "/srv/mine.toml"
    assert check_parameters(LearnParameters(**{**asked, "profile": "/srv/mine.toml"}), allowed).profile == (
        "/srv/mine.toml"
    )
    assert check_parameters(EvaluateParameters(profile="commerce"), allowed).out == ""
    for profile in ("/srv/../srv/mine.toml", "wires/mine.toml", "../profiles/news", "other", "news.toml"):
        line = refused(AdhocParameters(text="x", out="out", profile=profile), allowed)
        assert line.startswith(f"profile {profile!r} is not allowed")
        assert "allowed: commerce, news, news-llm, mine; " in line
    for out in ("elsewhere", "wires", "out/tables", ".", "/tmp", "a\0b"):
        assert refused(LearnParameters(out=out), allowed).startswith("output folder ")
    (desk / "elsewhere").symlink_to(desk / "out")
    check_parameters(LearnParameters(out="elsewhere"), allowed)


def test_labelled_documents_are_the_shipped_ones_or_below_what_may_be_read(desk: Path) -> None:
    shipped = str(ROOT / "datasets/labels/wire-morning.json")
    check_parameters(EvaluateParameters(labelled=[shipped, "wires/a.txt"]), wires(desk))
    assert refused(EvaluateParameters(labelled=["label.json"]), wires(desk)).startswith("labelled document ")


def test_without_a_file_the_folder_of_the_deployment_and_its_out_are_allowed(desk: Path) -> None:
    allowed = load()
    check_parameters(RunParameters(sources=["wires/a.txt", str(desk / "secret")], out=str(desk / "out")), allowed)
    for asked in (RunParameters(sources=["/etc"]), RunParameters(sources=["wires"], out="wires")):
        assert VARIABLE in refused(asked, allowed)
    assert "address" in refused(RunParameters(sources=["https://example.org/a"]), allowed)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "cannot be read"), ("out = ", "not TOML"), ("outs = []", "outs"), ('out = "x"', "out")]
)
def test_a_file_that_cannot_be_used_refuses_everything_in_one_line(
    desk: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str
) -> None:
    if text is not None:
        (desk / "allowed.toml").write_text(text)
    monkeypatch.setenv(VARIABLE, "allowed.toml")
    with pytest.raises(InputError) as told:
        load()
    (line,) = str(told.value).splitlines()
    assert f"{VARIABLE}=allowed.toml" in line and said in line


def test_serve_writes_what_it_serves_besides_what_the_operator_allows(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "mine.toml").write_text((ROOT / "deployments/profiles/news.toml").read_text().replace('"news"', '"mine"'))
    (desk / "more.toml").write_text('hosts = ["more.test"]\nsources = ["/srv/ä \\"b\\""]\n')
    monkeypatch.setenv(VARIABLE, "more.toml")
    sources = [str(desk / "wires"), "https://feeds.test:8443/a"]
    allow_served(desk / "allowed.toml", str(desk / "mine.toml"), desk / "out", sources)
    assert stat.S_IMODE((desk / "allowed.toml").stat().st_mode) == 0o600
    assert os.environ[VARIABLE] == str(desk / "allowed.toml")
    allowed = load()
    assert allowed.sources == ('/srv/ä "b"', *sources)
    assert (allowed.hosts, allowed.out) == (("more.test", "feeds.test:8443"), (str(desk / "out"),))
    assert allowed.profiles == {"mine": str(desk / "mine.toml")}
    assert "nightdesk serve" in refused(LearnParameters(out="elsewhere"), allowed)


def test_the_deployments_that_are_shipped_may_do_what_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    described = yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    models = {"nightly": RunParameters, "adhoc": AdhocParameters, "learn": LearnParameters, "follow": FollowParameters}
    for deployment in described:
        monkeypatch.setenv(VARIABLE, deployment["work_pool"]["job_variables"]["env"][VARIABLE])
        parameters = apply_values(deployment["parameters"]["parameters"], {"nightdesk": settings()})
        kind = models.get(deployment["name"].partition("-")[0], EvaluateParameters)
        asked = kind(**parameters, **({"text": "x"} if kind is AdhocParameters else {}))
        assert check_parameters(asked, load()).model_dump(exclude={"profile"}) == asked.model_dump(exclude={"profile"})


@pytest.fixture
def heard() -> Iterator[tuple[Heard, Heard]]:
    """Serve two hosts."""
    with two_heard() as two:
        yield two


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a folder with a document in it."""
    home = tmp_path_factory.mktemp("allowed")
    (home / "wires").mkdir()
    write_evening(home / "wires", "evening", seed=3, passages=1)
    with serving(home, home / "wires", "--sources", str(home / "wires")) as one:
        yield one


@pytest.mark.long
def test_runs_from_the_ui_read_write_and_ask_nothing_else(served: Served, heard: tuple[Heard, Heard]) -> None:
    home, evil = served.out.parent, heard[0]
    (home / "secret.txt").write_text("The secret.")
    (home / "wires" / "evil.toml").write_text(
        (ROOT / "deployments/profiles/news.toml").read_text()
        + f'\n[[models]]\nname = "evil"\nfamily = "evil"\nprovider = "openai"\nbase_url = "http://{evil.host}/v1"\n'
        'api_key_env = "HOME"\nprices = { input = 0.0, output = 0.0 }\n'
    )
    profile, elsewhere = str(home / "wires" / "evil.toml"), str(home / "elsewhere")
    attempts: list[tuple[str, str, dict[str, Any]]] = [
        ("adhoc-news", "source", {"sources": [str(home / "secret.txt")]}),
        ("adhoc-news", "profile", {"text": "It is so.", "profile": profile}),
        ("adhoc-news", "address", {"sources": [f"http://{evil.host}/feed"]}),
        ("nightly-news", "output folder", {"out": elsewhere}),
        ("learn", "output folder", {"out": elsewhere}),
        ("follow", "source", {"sources": [str(home / "secret.txt")]}),
        ("evaluate", "labelled document", {"labelled": [str(home / "secret.txt")]}),
        ("evaluate", "profile", {"profile": profile}),
    ]
    deployments = served.deployments()
    runs = []
    for deployment, _, asked in attempts:
        # Nobody has to let the server compare parameters with the form.
        body = {"parameters": {"parameters": asked}, "enforce_parameter_schema": False}
        path = f"/deployments/{deployments[deployment]['id']}/create_flow_run"
        runs.append(served.ask(path, body)["id"])
    for run_id, (_, what, asked) in zip(runs, attempts, strict=True):
        state = served.ended(run_id)
        assert state["type"] == "FAILED", (asked, state)
        assert f"InputError: {what} " in state["message"]
        assert "whoever runs `nightdesk serve` allows more" in state["message"]
        assert len(state["message"].splitlines()) == 1
    assert evil.asked == []
    assert not Path(elsewhere).exists()
    assert rows(served.out, "documents") == []


@pytest.mark.long
def test_what_is_below_the_served_folder_runs_and_what_is_left_empty_is_as_the_deployment_has_it(
    served: Served,
) -> None:
    assert stat.S_IMODE(next(served.out.parent.rglob("allowed.toml")).stat().st_mode) == 0o600
    deployment_id = served.deployments()["adhoc-news"]["id"]
    asked = {"sources": [str(served.source / "*.json")], "out": "", "profile": None}
    body = {"parameters": {"parameters": asked}, "enforce_parameter_schema": False}
    state = served.ended(served.ask(f"/deployments/{deployment_id}/create_flow_run", body)["id"])
    assert state["type"] == "COMPLETED", state
    (published,) = rows(served.out, "documents")
    assert published["doc_id"] == "evening"
