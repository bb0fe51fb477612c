"""The page to try it, in a real browser with two tabs."""

import time

import pytest
from support.demopage import IDS, STATE, TEXTS, UNSENT, live, shows
from support.server import Server

@pytest.fixture
def demo(tmp_path):
    server = Server(tmp_path, args=["--demo"]).start()
    yield server
    server.end()
    print(server.log_tail())


def write(tab, text):
    tab.evaluate("document.querySelector('#text').focus()")
    tab.type(text)
    tab.press_enter()


def no_problems(*tabs):
    for tab in tabs:
        assert tab.evaluate("problems") == []


def two_tabs(browser, server):
    tabs = [browser.open(server.url(f"/?user={user}")) for user in ("ada", "grace")]
    for tab in tabs:
        live(tab)
    return tabs


def test_two_tabs_and_an_outside_client_see_each_others_messages(browser, demo, artifacts):
    ada, grace = two_tabs(browser, demo)
    write(ada, "Hello Grace")
    shows(grace, ["Hello Grace"])
    write(grace, "Hello Ada, wie geht’s? 👋")
    shows(ada, ["Hello Grace", "Hello Ada, wie geht’s? 👋"])
    demo.post("demo", "ada", "Hello from curl")
    expected = ["Hello Grace", "Hello Ada, wie geht’s? 👋", "Hello from curl"]
    shows(ada, expected)
    shows(grace, expected)
    ada.wait_for("document.querySelectorAll('#outbox li').length === 0")
    assert ada.evaluate("document.querySelectorAll('#messages li.mine').length") == 2
    assert grace.evaluate("document.querySelectorAll('#messages li.mine').length") == 1
    phone = browser.open(demo.url("/?user=grace"), width=390, height=760, dark=True, scale=2, mobile=True)
    live(phone)
    shows(phone, expected)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off on a phone"
    ada.screenshot(artifacts / "demo-ada.png")
    grace.screenshot(artifacts / "demo-grace.png")
    phone.screenshot(artifacts / "demo-phone-dark.png")
    no_problems(ada, grace, phone)


def test_after_a_crash_of_the_server_the_tabs_catch_up_and_nothing_is_lost_or_doubled(browser, demo, artifacts):
    ada, grace = two_tabs(browser, demo)
    expected = []
    for number in range(5):
        expected.append(demo.post("demo", "ada", f"before {number}")["message"])
    shows(grace, expected)
    demo.kill()
    for tab in (ada, grace):
        tab.wait_for(f"{STATE} === 'waiting'", 10, "the page noticed")
    write(grace, "written while offline")
    grace.wait_for(f"{UNSENT}.length === 1", 15, "the message is marked unsent")
    grace.screenshot(artifacts / "demo-unsent.png")
    demo.start()
    # These fall between the restart and the tabs' return: only catching up can bring them.
    for number in range(5):
        expected.append(demo.post("demo", "ada", f"meanwhile {number}")["message"])
    for tab in (ada, grace):
        live(tab)
        shows(tab, expected)
    expected.append(demo.post("demo", "ada", "after")["message"])
    grace.click("#outbox button")
    expected.append("written while offline")
    for tab in (ada, grace):
        shows(tab, expected)
    assert grace.evaluate(f"{UNSENT}.length") == 0
    assert [message["message"] for message in demo.list("demo", "ada")] == expected
    grace.screenshot(artifacts / "demo-after-restart.png")
    no_problems(ada, grace)


def test_messages_that_flow_during_restarts_arrive_once_and_in_order(browser, demo):
    ada, grace = two_tabs(browser, demo)
    expected = []
    for _ in range(2):
        for number in range(40):
            expected.append(demo.post("demo", "grace", f"message {len(expected)}")["message"])
        demo.kill()
        demo.start()
        for number in range(40):
            expected.append(demo.post("demo", "grace", f"message {len(expected)}")["message"])
        for tab in (ada, grace):
            live(tab)
    for tab in (ada, grace):
        shows(tab, expected, 30)
    no_problems(ada, grace)


def test_markup_stays_text_and_images_are_shown(browser, demo, artifacts):
    ada = browser.open(demo.url("/?user=ada"))
    live(ada)
    texts = [
        "<img src=x onerror=\"problems.push('markup ran')\"><script>problems.push('script ran')</script>",
        "[IMAGE:javascript:problems.push('url')]",
        "look: [IMAGE:/no-such-image.png] nice",
        "[IMAGE:https://example.invalid/a.png][IMAGE:x\" onload=\"problems.push(1)]",
    ]
    for text in texts:
        demo.post("demo", "grace", text)
    ada.wait_for(f"{IDS}.length === 4")
    assert ada.evaluate(TEXTS)[:2] == texts[:2]
    sources = ada.evaluate("[...document.querySelectorAll('#messages img')].map((image) => image.src)")
    assert sources[0] == demo.url("/no-such-image.png")
    assert all(source.startswith("http") for source in sources)
    assert ada.evaluate("document.querySelectorAll('#messages script, #messages [onerror]').length") == 0
    problems = [problem for problem in ada.evaluate("problems") if not problem.startswith("CSP")]
    assert problems == []


def test_the_user_is_picked_and_remembered_per_tab(browser, demo, artifacts):
    tab = browser.open(demo.url("/"))
    tab.wait_for("document.querySelectorAll('#users button').length === 2")
    tab.screenshot(artifacts / "demo-pick.png")
    tab.evaluate("[...document.querySelectorAll('#users button')].find((b) => b.textContent === 'Grace').click()")
    live(tab)
    assert tab.evaluate("sessionStorage.getItem('user')") == "grace"
    tab.call("Page.reload")
    live(tab)
    assert tab.evaluate("document.querySelector('#user').value") == "grace"
    other = browser.open(demo.url("/"))
    other.wait_for("!document.querySelector('#pick').hidden", what="a new tab asks again")
    write(tab, "from Grace")
    tab.wait_for(f"{IDS}.length === 1")
    tab.evaluate("const user = document.querySelector('#user'); user.value = 'ada'; user.onchange()")
    live(tab)
    shows(tab, ["from Grace"])
    assert tab.evaluate("document.querySelectorAll('#messages li.mine').length") == 0
    no_problems(tab, other)


def test_a_message_that_is_refused_stays_with_its_reason(browser, demo):
    tab = browser.open(demo.url("/?user=ada"))
    live(tab)
    tab.evaluate("document.querySelector('#text').value = 'x'.repeat(16385)")
    tab.evaluate("document.querySelector('#form').requestSubmit()")
    tab.wait_for(f"{UNSENT}.length === 1")
    reason = tab.evaluate("document.querySelector('#outbox small.error').textContent")
    assert reason.startswith("Unsent. ") and "reached" not in reason
    tab.evaluate("document.querySelectorAll('#outbox button')[1].click()")
    tab.wait_for("document.querySelectorAll('#outbox li').length === 0")


def test_the_page_needs_nothing_from_outside(browser, demo):
    tab = browser.open(demo.url("/?user=ada"))
    live(tab)
    loaded = tab.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    assert set(loaded) <= {demo.url("")}
    no_problems(tab)


def test_demo_tokens_are_good_for_a_day(demo):
    body = demo.request("GET", "/demo.json").json()
    assert body["shop_id"] == "demo"
    assert [(user["id"], user["name"]) for user in body["users"]] == [("ada", "Ada"), ("grace", "Grace")]
    import jwt

    for user in body["users"]:
        claims = jwt.decode(user["token"], options={"verify_signature": False})
        assert claims["sub"] == user["id"]
        assert 23 * 3600 < claims["exp"] - time.time() <= 24 * 3600 + 5


def test_without_demo_mode_there_is_neither_page_nor_tokens(serve):
    server = serve()
    assert server.request("GET", "/").status_code == 404
    assert server.request("GET", "/demo.json").status_code == 404
