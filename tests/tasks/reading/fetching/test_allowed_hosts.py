"""Which hosts a run may ask: those that are allowed, by name and port, and no redirect leads to another."""

from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching.allowed_hosts import ALLOWED, Hosts, host_of
from nightdesk.tasks.reading.fetching.fetch import fetch
from tests.heard import two_heard
from tests.tasks.reading.fetching.terms import OPEN

LABELS = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=3).map(".".join)
PORTS = st.none() | st.integers(1, 65_535)


@given(NAMES, PORTS, LABELS, NAMES)
def test_a_host_is_allowed_whole_and_whoever_only_resembles_it_is_not(
    name: str, port: int | None, more: str, other: str
) -> None:
    at = f":{port}" if port else ""
    hosts = Hosts((name,))
    assert hosts.permit(f"http://{name}{at}/feed")
    assert hosts.permit(f"HTTPS://user:word@{name.upper()}{at}/feed")
    for resembling in (f"{name}{more}", f"{name}.{more}", f"{more}{name}", f"{more}.{name}"):
        assert not hosts.permit(f"http://{resembling}{at}/feed")
    for elsewhere in (
        f"http://{name}@{more}.invalid/",
        f"http://{more}.invalid/{name}",
        f"http://{more}.invalid#{name}",
    ):
        assert not hosts.permit(elsewhere)
    assert hosts.permit(f"http://{other}/") == (other == name)


@given(NAMES, st.integers(1, 65_535), st.integers(1, 65_535))
def test_a_host_that_is_allowed_with_a_port_is_allowed_at_that_port_alone(name: str, port: int, other: int) -> None:
    hosts = Hosts((f"{name}:{port}",))
    assert hosts.permit(f"http://{name}:{other}/") == (port == other)
    assert hosts.permit(f"http://{name}/") == (port == 80)
    assert hosts.permit(f"https://{name}/") == (port == 443)
    assert Hosts((host_of(f"http://{name}:{port}/x"),)).permit(f"http://{name}:{port}/y")


def test_an_address_that_the_operator_named_may_have_any_date_and_lead_anywhere() -> None:
    hosts = Hosts(addresses=("https://one.test/{run_date}.xml?a=1",))
    dated = "https://one.test/2026-03-01.xml?a=1"
    assert hosts.permit(dated) and hosts.permit_hop(dated, "http://10.0.0.7/x")
    for other in ("https://one.test/2026-03-1.xml?a=1", "https://one.test/2026-03-01/x.xml?a=1", dated + "1"):
        assert not hosts.permit(other)
        assert not hosts.permit_hop(other, dated + "2")


def test_an_allowed_host_cannot_lead_a_run_to_another() -> None:
    with two_heard() as (public, private):
        public.to = f"http://{private.host}/secret"
        address = f"http://{public.host}/feed"

        def ask(hosts: Hosts | None) -> bytes:
            ALLOWED.set(hosts)
            return fetch(address, OPEN).content

        with pytest.raises(DocumentError, match="may not ask"):
            copy_context().run(ask, Hosts((public.host,)))
        assert (public.asked, private.asked) == (["/feed"], [])
        # the operator has named that one
        assert copy_context().run(ask, Hosts(addresses=(address,))) == b"A sentence."
