import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.kernel.client_address import ClientAddresses

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
def test_the_client_is_the_rightmost_address_that_no_proxy_of_ours_has(
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
def test_an_entry_that_is_no_address_ends_the_walk_at_who_wrote_it(entry: str) -> None:
    assert ClientAddresses(PROXIES).client_of("10.0.0.1", f"6.6.6.6, {entry}, 10.0.0.2") == "10.0.0.2"


def test_a_peer_that_has_no_address_is_named_as_it_is() -> None:
    assert ClientAddresses(["0.0.0.0/0"]).client_of("unix", "6.6.6.6") == "unix"


def test_nobody_is_believed_where_no_proxy_is_trusted() -> None:
    assert ClientAddresses([]).client_of("127.0.0.1", "6.6.6.6") == "127.0.0.1"


@pytest.mark.parametrize("network", ["10.0.0.0/33", "proxy.example.org", "", "10.0.0.0/8,10.1.0.0/16"])
def test_a_network_that_is_none_is_refused_by_the_name_of_the_setting(network: str) -> None:
    with pytest.raises(ValueError, match=r"^http\.trusted_proxies: .*10\.0\.0\.0/8$"):
        ClientAddresses([network])


@given(st.ip_addresses(v=4).filter(lambda address: address.packed[0] not in {10, 127}), st.text(max_size=30))
def test_nobody_outside_can_pass_for_another(client: object, lies: str) -> None:
    forwarded = f"{lies}, {client}, 10.0.0.2"

    assert ClientAddresses(PROXIES).client_of("10.0.0.1", forwarded) == str(client)
