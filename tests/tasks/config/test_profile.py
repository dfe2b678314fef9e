"""Profiles: the shipped ones load; a wrong one is refused in one line that names file and place."""

import os
from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError

NEWS = (folder("profiles") / "news.toml").read_text(encoding="utf-8")


def test_the_shipped_profiles_load() -> None:
    assert list(load_profile("news").categories) == ["facts", "opinions", "assumptions", "future_plans"]
    assert list(load_profile("commerce").categories) == ["opening", "price", "order_urging", "product_description"]
    for name in ("news", "commerce"):
        profile = load_profile(name)
        assert profile.name == name
        assert profile.limits.max_cost_usd == 0
        assert [a.model for a in profile.arms()] == [m.name for m in profile.models]
        assert profile.model("static").provider == "embedded"


def test_a_profile_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS.replace('name = "news"', 'name = "mine"') + "priors = { topic_finder = { accuracy = 0.6 } }\n")
    profile = load_profile(str(path))
    assert profile.name == profile.settings().profile == "mine"
    assert profile.arms()[-1].prior_for("topic_finder", "en").accuracy == 0.6
    assert profile.arms()[-1].prior_for("topic_locator", "en").accuracy == 0.3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "news"', 'name = "News!"', "name"),
        ('name = "news"', 'name = "../news"', "name"),
        ("[categories]", "[categories", "not TOML"),
        ("facts =", "unplaced =", "'unplaced' is kept"),
        ('name = "lexical"', 'name = "static"', "'static' stands twice"),
        ("[chunks]", "[chunk]", "chunk:"),
        ("sentences = 120", "sentences = 120\nsentence = 3", "chunks.sentence:"),
        ("sentences = 120", "sentences = 3", "chunks.sentences"),
        ("sentences = 120", 'sentences = "many"', "chunks.sentences"),
        ("overlap = 30", "overlap = 61", "overlap is 61"),
        ("characters = 24000", "characters = 10", "chunks.characters"),
        ("sentences = 20000", "sentences = 0", "batches.sentences"),
        ("[chunks]", "[tables]\nbuckets = 3\nbukets = 3\n[chunks]", "tables:"),
        ("v = 1.0", "v = 0.0", "rewards.v"),
        ("k_cost = 10.0", "k_cost = -1.0", "rewards.k_cost"),
        ("k_cost = 10.0", "k_cost = inf", "k_cost is inf"),
        ("max_cost_usd = 0.0", "max_cost_usd = nan", "limits.max_cost_usd"),
        ("call_timeout_s = 120.0", "call_timeout_s = 0", "limits.call_timeout_s"),
        ("workers = 2", "workers = 0", "dask.workers"),
        ("accuracy = 0.95", "accuracy = 1.95", "models.0.prior.accuracy"),
        ('provider = "embedded"', 'provider = "carrier pigeon"', "models.0.provider"),
        ('name = "static"', 'name = "swift"', "'swift'"),
        ("judges = false", "judges = false\nkey = 1", "models.2.key"),
        ("judges = false", "judges = false\npriors = { cook = { accuracy = 0.1 } }", "models.2.priors.cook"),
        ('name = "news"', 'name = "news"\nexclude = ["static", "lexical", "baseline"]', "no model is left"),
    ],
)
def test_a_wrong_profile_is_refused_by_file_and_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as e:
        load_profile(str(path))
    assert str(e.value).startswith(f"{path}: ")
    assert said in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", ["nope", "", "missing.toml"])
def test_an_unknown_profile_is_told_which_there_are(name: str) -> None:
    with pytest.raises(InputError, match="shipped are commerce, news"):
        load_profile(name)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_profile_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as e:
        load_profile(os.fspath(path))
    assert str(path) in str(e.value)


LOCAL = """
[[models]]
name = "local"
family = "qwen"
provider = "openai"
base_url = "http://127.0.0.1:8000/v1"
prices = { input = 1.0, output = 4.0 }
"""


def test_a_language_model_has_a_prior_of_what_its_calls_cost(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS + LOCAL + 'lane = "both"\n')
    profile = load_profile(str(path))
    sync, batch = (a for a in profile.arms() if a.model == "local")
    assert (sync.name, batch.name) == ("local", "local@batch")
    assert batch.prior.cost_usd == pytest.approx(sync.prior.cost_usd / 2)
    assert 0.001 < sync.prior.cost_usd < 0.02
    assert (sync.prior.latency_s > 0, batch.prior.latency_s) == (True, 0)
    assert profile.model("local@batch").key_env == ""


def test_a_profile_nested_too_deep_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("a = " + "[" * 5000)
    with pytest.raises(InputError, match="nested too deep"):
        load_profile(str(tmp_path / "p.toml"))


def test_excluding_a_model_that_is_not_in_the_pool_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('exclude = ["statik"]\n' + NEWS)
    with pytest.raises(InputError, match="'statik' is no model"):
        load_profile(str(tmp_path / "p.toml"))


def test_keys_of_earlier_versions_are_taken_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS.replace("[document_batches]", "[batches]") + "[batch]\npoll_s = 0.5\n")
    profile = load_profile(str(path))
    assert profile.document_batches == load_profile("news").document_batches
    assert profile.provider_batches.poll_s == 0.5
    assert "[batches] of profile news is called [document_batches] now" in caplog.text
    assert "[batch] of profile news is called [provider_batches] now" in caplog.text


def test_a_table_under_both_its_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS + "[batches]\nsentences = 5\n")
    with pytest.raises(InputError, match=r"both are given; remove \[batches\]"):
        load_profile(str(path))


def test_a_key_that_does_nothing_any_more_is_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "p.toml").write_text(NEWS.replace("[chunks]", "[tables]\nbuckets = 3\n[chunks]", 1))
    assert load_profile(str(tmp_path / "p.toml")) == load_profile("news")
    assert "[tables] buckets of profile news does nothing any more" in caplog.text
