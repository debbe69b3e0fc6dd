import pytest

from hexaccount.kernel.network import network_of, wide_network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1ff::7", "2001:db8:0:100::/56"),
        ("no address", "no address"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_customer(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:0:1ff::7", "2001:db8::/48"), ("no address", None)],
)
def test_a_wide_network_is_that_of_many_customers(address: str, network: str | None) -> None:
    assert wide_network_of(address) == network
