import pytest

from hexaccount_smtp import SmtpServer


def test_the_parts_of_a_url() -> None:
    server = SmtpServer.of("smtp://accounts:p%40ss%2Fword@mail.example.org?ca=/etc/ca.pem")

    assert (server.host, server.port, server.tls, server.ca) == ("mail.example.org", 587, "starttls", "/etc/ca.pem")
    assert (server.user, server.password) == ("accounts", "p@ss/word")
    assert "p@ss" not in repr(server)
    assert SmtpServer.of("smtps://[::1]").port == 465
    assert SmtpServer.of("smtp://localhost:25?tls=none").tls == "none"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("smtp://", "write it as"),
        ("smtp://mail.example.org:0", "write it as"),
        ("smtp://mail.example.org:99999", "write it as"),
        ("smtp://mail.example.org/path", "write it as"),
        ("smtp://accounts@mail.example.org", "a user without a password"),
        ("smtp://:secret@mail.example.org", "a password without a user"),
        ("smtp://accounts:se#cret@mail.example.org", "percent encoding"),
        ("smtp://mail.example.org?tls=maybe", "tls may be"),
        ("smtps://mail.example.org?tls=none", "takes no tls"),
        ("smtp://mail.example.org?tls=none&tls=starttls", "each once"),
        ("smtp://mail.example.org?timeout=5", "tls and ca"),
        ("smtp://accounts:s%C3%A9cret@mail.example.org", "ASCII"),
        ("smtp://accounts:secret@mail.example.org?tls=none", "does not travel without TLS"),
    ],
)
def test_a_url_that_names_no_server_is_explained_and_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        SmtpServer.of(url)

    assert "secret" not in str(error.value)
    assert "cret" not in str(error.value)
