"""The mailer against a real SMTP server that takes, refuses, repeats, stalls and dies."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from hexaccount.events.ports import ReceiverRefused, ReceiverUnavailable
from hexaccount.mail.ports import MailDelayed, MailMessage, MailRefused, MailText
from hexaccount_smtp import SmtpMailer, SmtpServer, server
from tests.servers.authority import Authority
from tests.servers.ports import free_port
from tests.servers.smtp import PASSWORD, USER, SmtpHandler, running_smtp

SENDER = "Konten für Beispiele <accounts@example.org>"
LINK = "https://example.org/account/recovery#hxo_" + "Tq4c0v2Y" * 8
TEXT = f"Grüße.\n\n.\nFrom here on: سلام\n\n{LINK}\n\n" + "long " * 300
Open = Callable[..., SmtpMailer]


def message(number: int = 1, *, to: str = "ada@example.org", subject: str = "Choose a new pässword") -> MailMessage:
    words = MailText(subject=subject, text=TEXT, html=f'<p dir="rtl">سلام <a href="{LINK}">new</a></p>')
    return MailMessage(id=f"event-{number}@example.org", to=to, kind="recovery", locale="fa", words=words)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def smtp(authority: Authority) -> Iterator[SmtpHandler]:
    with running_smtp(authority) as handler:
        yield handler


@pytest.fixture
def open_mailer(authority: Authority) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_it(
            port: int,
            *,
            scheme: str = "smtp",
            password: str = PASSWORD,
            ca: Path | None = authority.file,
            host: str = "localhost",
        ) -> SmtpMailer:
            user = f"{USER}:{quote(password, safe='')}@"
            mailer = SmtpMailer(SmtpServer.of(f"{scheme}://{user}{host}:{port}" + (f"?ca={ca}" if ca else "")), SENDER)
            stack.callback(mailer.close)
            return mailer

        yield open_it


@pytest.fixture
def mailer(smtp: SmtpHandler, open_mailer: Open) -> SmtpMailer:
    return open_mailer(smtp.port)


def test_a_message_arrives_as_it_was_written(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    mailer.send(message())

    (got,) = smtp.messages
    assert got["From"] == SENDER
    assert (got["To"], got["Subject"]) == ("ada@example.org", "Choose a new pässword")
    assert got["Message-ID"] == "<event-1@example.org>"
    assert (got["Content-Language"], got["Auto-Submitted"]) == ("fa", "auto-generated")
    assert got["Date"].datetime.tzinfo is not None
    plain, html = got.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().splitlines() == TEXT.splitlines()
    assert html.get_content().splitlines() == [message().words.html]
    assert max(map(len, smtp.received[0].splitlines())) <= 998  # RFC 5321, 4.5.3.1.6
    assert smtp.received[0].isascii()


def test_messages_follow_each_other_over_one_connection(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    for number in range(5):
        mailer.send(message(number))

    assert [got["Message-ID"] for got in smtp.messages] == [f"<event-{number}@example.org>" for number in range(5)]
    assert smtp.connections == 1


def test_a_connection_that_the_server_has_closed_is_opened_anew(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    mailer.send(message(1))
    smtp.disconnect()
    mailer.send(message(2))

    assert len(smtp.received) == 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # TLS has begun before
def test_tls_from_the_start(authority: Authority, open_mailer: Open) -> None:
    with running_smtp(authority, implicit=True) as smtp:
        open_mailer(smtp.port, scheme="smtps").send(message())
        assert len(smtp.received) == 1


def test_a_server_on_this_machine_may_have_no_tls() -> None:
    with running_smtp() as smtp:
        mailer = SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{smtp.port}?tls=none"), SENDER)
        mailer.send(message())
        mailer.close()
        assert len(smtp.received) == 1


def test_without_tls_no_password_and_no_message_is_sent(open_mailer: Open) -> None:
    with running_smtp() as smtp:
        with pytest.raises(ReceiverRefused, match="no TLS"):
            open_mailer(smtp.port).send(message())
        assert smtp.received == []


@pytest.mark.parametrize("ca", [True, False], ids=["another host", "another authority"])
def test_a_certificate_that_does_not_verify_is_refused(authority: Authority, open_mailer: Open, ca: bool) -> None:
    with running_smtp(authority, host="mail.example.org" if ca else "localhost") as smtp:
        with pytest.raises(ReceiverRefused, match="certificate"):
            open_mailer(smtp.port, ca=authority.file if ca else None).send(message())
        assert smtp.received == []


def test_a_wrong_password_is_named_and_not_repeated(smtp: SmtpHandler, open_mailer: Open) -> None:
    with pytest.raises(ReceiverRefused, match="user and password of") as error:
        open_mailer(smtp.port, password="not this one").send(message())

    assert "not this one" not in str(error.value)


def test_a_server_that_is_away(open_mailer: Open) -> None:
    mailer = open_mailer(free_port())
    for call in (mailer.check, lambda: mailer.send(message())):
        with pytest.raises(ReceiverUnavailable, match="cannot be reached"):
            call()


def test_the_check_sends_nothing(mailer: SmtpMailer, smtp: SmtpHandler, open_mailer: Open) -> None:
    mailer.check()

    assert smtp.received == []
    with pytest.raises(ReceiverRefused):
        open_mailer(smtp.port, password="not this one").check()


@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("MAIL", "451 4.3.0 try later", ReceiverUnavailable),
        ("MAIL", "550 5.7.1 not your address", ReceiverRefused),
        ("RCPT", "450 4.2.0 greylisted", MailDelayed),
        ("RCPT", "550 5.1.1 no such mailbox", MailRefused),
        ("RCPT", "421 4.3.2 shutting down", ReceiverUnavailable),
        ("DATA", "451 4.3.0 try later", MailDelayed),
        ("DATA", "554 5.7.1 looks like spam", MailRefused),
    ],
)
def test_what_a_server_refuses(
    mailer: SmtpMailer, smtp: SmtpHandler, command: str, reply: str, error: type[Exception]
) -> None:
    smtp.replies[command] = reply
    with pytest.raises(error, match=re.escape(reply)) as raised:
        mailer.send(message())
    assert type(raised.value) is error

    smtp.replies.clear()
    mailer.send(message(2))
    assert [got["Message-ID"] for got in smtp.messages] == ["<event-2@example.org>"]


def test_a_server_that_dies_after_it_has_taken_a_message_gets_it_again(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    smtp.dies = True
    with pytest.raises(ReceiverUnavailable):
        mailer.send(message())
    smtp.dies = False
    mailer.send(message())

    assert [got["Message-ID"] for got in smtp.messages] == ["<event-1@example.org>"] * 2


def test_a_server_that_stalls_is_given_up(
    smtp: SmtpHandler, open_mailer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_TIMEOUT_SECONDS", 0.5)
    smtp.stalls = 30
    with pytest.raises(ReceiverUnavailable, match="did not take"):
        open_mailer(smtp.port).send(message())


def test_a_reply_that_repeats_the_message_is_not_repeated(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    smtp.echoes = True
    with pytest.raises(MailRefused) as error:
        mailer.send(message())

    text = str(error.value)
    assert "554 5.6.0 refused" in text
    assert "hxo_" not in text
    assert "Tq4c0v2Y" not in text
    assert "ada@" not in text
    assert len(text) < 300


def test_a_domain_beyond_ascii_is_written_in_ascii(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    mailer.send(message(to="ada@bücher.example"))

    assert smtp.receivers == ["ada@xn--bcher-kva.example"]


def test_a_name_beyond_ascii_needs_a_server_that_takes_it(
    authority: Authority, smtp: SmtpHandler, mailer: SmtpMailer, open_mailer: Open
) -> None:
    mailer.send(message(to="jürgen@example.org"))
    assert smtp.receivers == ["jürgen@example.org"]

    with running_smtp(authority, utf8=False) as old:
        with pytest.raises(MailRefused, match="SMTPUTF8"):
            open_mailer(old.port).send(message(to="jürgen@example.org"))
        assert old.received == []


def test_a_subject_of_two_lines_is_refused(mailer: SmtpMailer, smtp: SmtpHandler) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        mailer.send(message(subject="Hello\nBcc: eve@example.org"))

    assert smtp.received == []
