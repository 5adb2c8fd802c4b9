"""A mail server on this machine needs no encryption; whatever only resembles one does."""

import pytest

from flightsched_pipelines.clients.delivery.smtp import is_on_this_machine


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.0", "127.255.255.255", "127.0.1.1", "::1", "0:0:0:0:0:0:0:1",
                                  "localhost", "LOCALHOST"])  # fmt: skip
def test_loopback_is_on_this_machine(host: str) -> None:
    assert is_on_this_machine(host)


@pytest.mark.parametrize("host", ["mail.example.com", "10.0.0.5", "192.168.1.1", "128.0.0.1", "126.255.255.255",
                                  "0.0.0.1", "::", "::2", "fe80::1", "::ffff:127.0.0.1", "127.1", "2130706433",
                                  "0177.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "notlocalhost",
                                  "localhost6", "xn--lcalhost-54a", "127.0.0.1%eth0", "smtp", ""])  # fmt: skip
def test_all_else_is_another_machine(host: str) -> None:
    assert not is_on_this_machine(host)
