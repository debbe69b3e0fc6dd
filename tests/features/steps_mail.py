"""Mail: what is sent, and the tokens in it."""

import re

from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.views import UserView
from hexaccount.kernel.errors import Refusal
from hexaccount.mail.complete_recovery import CompleteRecovery
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.ports import MailMessage
from hexaccount.mail.purposes import RECOVERY
from hexaccount.mail.request_recovery import RequestRecovery, StartRecovery
from hexaccount.mail.request_verification import RequestVerification
from hexaccount.mail.send_mail import NOTICES
from hexaccount.mail.verify_email import VerifyEmail
from tests.features.context import VALID, BddContext

_LINK = re.compile(rf"https://accounts\.example\.org/account/\w+#(?P<token>{OneTimeToken.pattern})")


def user(bdd_context: BddContext, name: str) -> UserView:
    view: UserView = bdd_context.handle(GetUser(reference=str(bdd_context.user_ids[name])))
    return view


def messages(bdd_context: BddContext, kind: str) -> list[MailMessage]:
    """Return the messages of a kind, oldest first."""
    sent = [each.message for each in reversed(bdd_context.service.container.mailer().messages())]
    return [message for message in sent if message.kind == kind]


def tokens(bdd_context: BddContext, name: str, kind: str) -> list[str]:
    """Return the tokens for one purpose that the user's address has got, oldest first."""
    address = user(bdd_context, name).email
    found = (_LINK.search(each.words.text) for each in messages(bdd_context, kind) if each.to == address)
    return [link["token"] for link in found if link]


def ask_for_recovery(bdd_context: BddContext, name: str) -> None:
    bdd_context.attempt(lambda: bdd_context.handle(RequestRecovery(login=name)))


@given("mail is configured")
def _(bdd_context: BddContext) -> None:
    assert bdd_context.service.settings.mail.url == "memory://"


@when(parsers.parse('"{name}" asks for recovery'))
def _(bdd_context: BddContext, name: str) -> None:
    ask_for_recovery(bdd_context, name)


@given(parsers.re(r'"(?P<name>\w+)" has asked for recovery( (?P<times>\d+) times)?'))
def _(bdd_context: BddContext, name: str, times: str | None) -> None:
    for _ in range(int(times or 1)):
        ask_for_recovery(bdd_context, name)
        bdd_context.deliver()


@when(parsers.parse('an admin starts the recovery of "{name}"'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.handle(StartRecovery(user_id=bdd_context.user_ids[name]))


@when(parsers.re(r'"(?P<name>\w+)" completes the recovery with the (?P<kind>\w+) token and "(?P<password>.+)"'))
@when(parsers.re(r'"(?P<name>\w+)" completes the recovery with the password "(?P<password>.+)"'))
def _(bdd_context: BddContext, name: str, password: str, kind: str = "recovery") -> None:
    token = tokens(bdd_context, name, kind)[-1]
    bdd_context.attempt(lambda: bdd_context.handle(CompleteRecovery.of_text(token=token, password=password)))


@when(parsers.re(r'"(?P<name>\w+)" asks for another verification( (?P<times>\d+) times)?'))
def _(bdd_context: BddContext, name: str, times: str | None) -> None:
    for _ in range(int(times or 1)):
        command = RequestVerification(user_id=bdd_context.user_ids[name])
        bdd_context.attempt(lambda command=command: bdd_context.handle(command))


@when(parsers.re(r'"(?P<name>\w+)" verifies the address(?P<first> with the first token)?'))
def _(bdd_context: BddContext, name: str, first: str | None) -> None:
    token = tokens(bdd_context, name, "verification")[0 if first else -1]
    bdd_context.attempt(lambda: bdd_context.handle(VerifyEmail(token=token)))


@then(parsers.re(r'the address of "(?P<name>\w+)" has got (a|(?P<number>\d+)) messages? about (?P<kind>\w+)'))
def _(bdd_context: BddContext, name: str, number: str | None, kind: str) -> None:
    receivers = [message.to for message in messages(bdd_context, kind)]
    assert receivers == [user(bdd_context, name).email] * int(number or 1)


@then("nobody has got a notice")
def _(bdd_context: BddContext) -> None:
    assert [messages(bdd_context, kind) for kind in NOTICES.values()] == [[]] * len(NOTICES)


@then(parsers.parse("nobody has got a message about {kind}"))
def _(bdd_context: BddContext, kind: str) -> None:
    assert messages(bdd_context, kind) == []


@then(parsers.re(r'the address of "(?P<name>\w+)" is (?P<negated>not )?verified'))
def _(bdd_context: BddContext, name: str, negated: str | None) -> None:
    assert user(bdd_context, name).email_verified is (negated is None)


@then(parsers.parse('{number:d} tokens of "{name}" are valid'))
def _(bdd_context: BddContext, number: int, name: str) -> None:
    assert sum(is_valid(bdd_context, token) for token in tokens(bdd_context, name, "recovery")) == number


def is_valid(bdd_context: BddContext, token: str) -> bool:
    with bdd_context.service.store.unit_of_work() as uow:
        try:
            OneTimeTokens(uow).get_user(token, RECOVERY, bdd_context.clock.now())
        except Refusal:
            return False
    return True


@then(parsers.parse('the message about {kind} contains no name of "{name}"'))
def _(bdd_context: BddContext, kind: str, name: str) -> None:
    (message,) = messages(bdd_context, kind)
    for text in (message.words.subject, message.words.text, message.words.html):
        assert not {name, VALID["first_name"], VALID["last_name"]} & set(re.findall(r"\w+", text))


@then("no published event contains a one-time token")
def _(bdd_context: BddContext) -> None:
    assert bdd_context.receiver.published
    assert "hxo_" not in repr(bdd_context.receiver.published)
