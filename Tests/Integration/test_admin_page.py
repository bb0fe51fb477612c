"""The page of the live view, in a real browser."""

from urllib.parse import quote

import pytest
from support.deadline import wait_until
from support.liveview import ENV
from support.streams import open_stream, receive
from support.tokens import ADMIN_SECRET

EVIL = "<img src=x onerror=\"problems.push('markup ran')\">"
OPEN = "document.querySelector('[data-card=Streams] strong').textContent"
FIRST_SHOP = "document.querySelector('#shops tbody td').textContent"
SHOP_TITLES = "[...document.querySelectorAll('#shops th')].map((title) => title.textContent).join(' ')"
IS_FIRST_SHOP_BUSY = "/^[^0–].*\\/s$/.test(document.querySelector('#shops tbody tr').lastChild.textContent)"
IS_SHOWN = "!document.querySelector('#view').hidden"


def enter(tab, secret=ADMIN_SECRET):
    tab.wait_for("!document.querySelector('#ask').hidden")
    tab.evaluate("document.querySelector('#secret').focus()")
    tab.type(secret)
    tab.press_enter()


@pytest.fixture
def server(serve):
    return serve(shops=8, members=[(EVIL, "ada", "admin")], env={**ENV, "SHOPSTREAM_WRITES_PER_SECOND": "0"})


def test_the_page_shows_what_the_server_does(browser, server, artifacts):
    streams = [open_stream(server, shop.id, shop.member) for shop in server.shops]
    streams += [open_stream(server, quote(EVIL), "ada") for _ in range(2)]
    try:
        tab = browser.open(server.url("/admin"), width=1200, height=900)
        assert not tab.evaluate(IS_SHOWN), "nothing is shown before the secret"
        enter(tab)
        tab.wait_for(f"{IS_SHOWN} && {OPEN} === '10'")
        assert tab.evaluate(FIRST_SHOP) == EVIL, "an id is text"
        assert tab.evaluate("document.querySelectorAll('#reactors tbody tr').length") == 2
        assert tab.evaluate("document.querySelector('#readiness').textContent") == "ready"
        tab.wait_for("document.querySelector('polyline').getAttribute('points').split(' ').length > 4")
        for number in range(30):
            server.shops[number % 8].post(f"message {number}")
        tab.wait_for("/[µm]s/.test(document.querySelector('[data-card^=Publish] strong').textContent)")
        assert tab.evaluate(SHOP_TITLES) == "Shop Streams Deliveries"

        def is_busiest_first():
            server.shops[3].post("a message")
            return tab.evaluate(FIRST_SHOP) == server.shops[3].id and tab.evaluate(IS_FIRST_SHOP_BUSY)

        wait_until(is_busiest_first, what="the shop with the most deliveries is first")
        tab.screenshot(artifacts / "admin.png")
        assert ADMIN_SECRET not in tab.evaluate("location.href") and tab.evaluate("localStorage.length") == 0
        streams.pop().close()
        tab.wait_for(f"{OPEN} === '9'")
        assert tab.evaluate("problems") == []
        phone = browser.open(server.url("/admin"), width=390, height=844, dark=True, scale=2, mobile=True)
        enter(phone)
        phone.wait_for(f"{OPEN} === '9'")
        phone.wait_for("document.querySelector('polyline').getAttribute('points').split(' ').length > 2")
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off on a phone"
        phone.screenshot(artifacts / "admin-phone-dark.png", whole=True)
        assert phone.evaluate("problems") == []
    finally:
        for stream in streams:
            stream.close()


def test_the_page_survives_a_restart_of_the_server(browser, server, artifacts):
    tab = browser.open(server.url("/admin"))
    enter(tab)
    tab.wait_for(f"{IS_SHOWN} && {OPEN} === '0'")
    server.kill()
    tab.wait_for("!document.querySelector('#problem').hidden")
    tab.screenshot(artifacts / "admin-lost.png")
    server.start()
    tab.wait_for("document.querySelector('#problem').hidden")
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        shop.post("after the restart")
        receive(stream)
        tab.wait_for(f"{OPEN} === '1'")
    assert tab.evaluate("problems") == []


def test_the_secret_is_asked_for_until_it_is_right_and_can_be_forgotten(browser, server, artifacts):
    tab = browser.open(server.url("/admin"))
    enter(tab, "another-secret-of-it")
    tab.wait_for("!document.querySelector('#refusal').hidden")
    tab.screenshot(artifacts / "admin-ask.png")
    enter(tab)
    tab.wait_for(IS_SHOWN)
    assert tab.evaluate("document.querySelector('#ask').hidden")
    tab.evaluate("location.reload()")
    tab.wait_for(f"document.readyState === 'complete' && {IS_SHOWN}", what="the tab keeps the secret")
    tab.click("#forget")
    assert not tab.evaluate(IS_SHOWN) and tab.evaluate("sessionStorage.length") == 0
    other = browser.open(server.url("/admin"))
    assert other.evaluate("!document.querySelector('#ask').hidden")
    assert tab.evaluate("problems") == []
