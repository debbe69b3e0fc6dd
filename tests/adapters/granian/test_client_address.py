import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount_granian.client_address import ClientAddresses

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "6.6.6.6", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("10.0.0.1", "10.1.1.1,10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8:ffff::1", "2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "6.6.6.6", "203.0.113.7"),
    ],
)
def test_the_client_is_the_rightmost_address_outside_the_trusted_proxies(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert ClientAddresses(PROXIES).client_of(peer, forwarded_for) == client


@pytest.mark.parametrize(
    "entry",
    [
        "unknown",
        "",
        "203.0.113",
        "203.0.113.7:port",
        "203.0.113.7:٣",
        "[2001:db8::7",
        "[2001:db8::7]x",
        "2001:db8::7%eth0",
        "fe80::1%<script>",
        "0x7f.1",
        "example.org",
        "203.0.113.07",
    ],
)
def test_an_invalid_entry_makes_the_proxy_that_wrote_it_the_client(entry: str) -> None:
    assert ClientAddresses(PROXIES).client_of("10.0.0.1", f"6.6.6.6, {entry}, 10.0.0.2") == "10.0.0.2"


def test_a_peer_without_an_address_is_the_client_unchanged() -> None:
    assert ClientAddresses(["0.0.0.0/0"]).client_of("unix", "6.6.6.6") == "unix"


def test_forwarded_addresses_are_ignored_without_trusted_proxies() -> None:
    assert ClientAddresses([]).client_of("127.0.0.1", "6.6.6.6") == "127.0.0.1"


@pytest.mark.parametrize("network", ["10.0.0.0/33", "proxy.example.org", "", "10.0.0.0/8,10.1.0.0/16"])
def test_the_error_for_an_invalid_network_names_the_setting(network: str) -> None:
    with pytest.raises(ValueError, match=r"^http\.trusted_proxies: .*10\.0\.0\.0/8$"):
        ClientAddresses([network])


@given(st.ip_addresses(v=4).filter(lambda address: address.packed[0] not in {10, 127}), st.text(max_size=30))
def test_a_client_cannot_forge_its_address(client: object, forged: str) -> None:
    forwarded = f"{forged}, {client}, 10.0.0.2"

    assert ClientAddresses(PROXIES).client_of("10.0.0.1", forwarded) == str(client)
