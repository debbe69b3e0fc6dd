"""Every message as a mail client shows it, in a real browser: in wide and narrow windows, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from hexaccount_mail_templates import SAMPLES, FileTemplates
from tests.service.chromium import running_chromium
from tests.service.test_swagger_page import SCREENSHOTS

pytestmark = pytest.mark.long

LONG = {"device": "x" * 300, "network": "2001:db8:1234:5678::/64", "user_name": "w" * 60, "inviter": "ش" * 120}
DIRECTIONS = {"en": "ltr", "fa": "rtl"}
CARDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(34, 37, 44)"}


class Reader:
    """A mail client that is as wide as a window."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))

    def show(self, html: str, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 400})
        self.page.set_content(html)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width

    def style(self, selector: str, name: str) -> set[str]:
        """Return the values that a style has in the elements."""
        found = self.page.locator(selector).evaluate_all(
            "(elements, name) => elements.map((element) => getComputedStyle(element)[name])", name
        )
        return set(found)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with running_chromium() as browser:
        yield Reader(browser.new_page())


@pytest.mark.parametrize("locale", DIRECTIONS)
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_message_fits_into_every_window_and_runs_in_the_direction_of_its_language(
    reader: Reader, kind: str, locale: str
) -> None:
    templates, values = FileTemplates(), SAMPLES[kind]
    long = {name: LONG.get(name, value) for name, value in values.items()}
    reader.show(templates.write(kind, locale, long).html, 360)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width, scheme in ((600, "light"), (360, "dark")):
        reader.page.emulate_media(color_scheme=scheme)
        reader.show(templates.write(kind, locale, values).html, width)
        assert reader.style(".card", "backgroundColor") == {CARDS[scheme]}
        assert reader.style("h1, p.text, th, td.text, .button a", "direction") == {DIRECTIONS[locale]}
        assert reader.style("p.quiet", "direction") <= {"ltr"}
        reader.page.screenshot(path=SCREENSHOTS / f"mail-{kind}-{locale}-{width}.png", full_page=True)
    assert reader.requested == []
