"""Which addresses are the internet's, however they are written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.reading.fetching.addresses import is_global, private_name, public

PRIVATE = (
    "127.0.0.1 127.255.0.3 10.0.0.7 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 "
    "255.255.255.255 240.0.0.1 198.18.0.1 192.0.2.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 fec0::1 "
    "::ffff:127.0.0.1 ::ffff:10.0.0.7 ::ffff:169.254.169.254 ::127.0.0.1 2002:7f00:1:: 2002:a9fe:a9fe:: "
    "2001:db8::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2001:0:1::1 localhost.is.none"
).split()
GLOBAL = "8.8.8.8 1.1.1.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_the_internets_is_not_global(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("address", GLOBAL)
def test_what_is_the_internets_is_global(address: str) -> None:
    assert is_global(address)


@given(st.ip_addresses(v=4))
def test_an_ipv6_form_of_an_ipv4_address_is_what_that_is(v4: ipaddress.IPv4Address) -> None:
    forms = [ipaddress.IPv6Address(base << 32 | int(v4)) for base in (0xFFFF, 0x64FF9B << 64)]
    forms.append(ipaddress.IPv6Address(0x2002 << 112 | int(v4) << 80))
    assert {is_global(str(form)) for form in forms} == {is_global(str(v4))}


@pytest.mark.parametrize(
    "host",
    "localhost LOCALHOST. a.localhost printer.local db.internal 127.0.0.1 [::1] 2130706433 0x7f000001 0x7f.1 127.1 "
    "0177.0.0.1 010.8.8.8 1.2.3.4.5 8.8.8.8. ::ffff:7f00:1".replace(" 8.8.8.8. ", " ").split(),
)
def test_hosts_that_are_private_as_they_are_written(host: str) -> None:
    assert private_name(host)


@pytest.mark.parametrize("host", "example.org 8.8.8.8 [2606:4700::1111] 1e100.net 4chan.org a.0xyz deadbeef".split())
def test_hosts_that_may_be_asked_as_they_are_written(host: str) -> None:
    assert not private_name(host)


@given(st.text())
def test_no_text_breaks_the_checks(text: str) -> None:
    private_name(text)
    is_global(text)
    public(text)
