"""GET /api/v1/shops/:shop_id/messages, and the routes around it."""

import pytest


def path(shop):
    return f"/api/v1/shops/{shop.id}/messages"


def texts(messages):
    return [message["message"] for message in messages]


def test_a_list_has_the_envelope_of_the_contract(shop):
    empty = shop.server.request("GET", path(shop), shop.member).json()
    assert empty["status"] == 200 and empty["data"] == [] and empty["has_more"] is False
    posted = [shop.post(text) for text in ("one", "two", "three")]
    body = shop.server.request("GET", path(shop), shop.member).json()
    assert body["data"] == posted and body["has_more"] is False


def test_since_returns_later_messages_and_not_the_message_itself(shop):
    posted = [shop.post(str(number)) for number in range(5)]
    for index, message in enumerate(posted):
        assert shop.list(since=message["created_at"]) == posted[index + 1 :]
    assert shop.list(since="1970-01-01T00:00:00Z") == posted
    assert shop.list(since="9999-12-31T23:59:59Z") == []


def test_since_may_be_any_rfc_3339_time(shop):
    posted = [shop.post(str(number)) for number in range(2)]
    first = posted[0]["created_at"]
    day, time = first[:10], first[11:26]
    for text in (f"{day}T{time}+00:00", f"{day}t{time}z", f"{day} {time}Z", f"{day}T{time}-00:00", f"{day}T{time}999Z"):
        assert shop.list(since=text) == posted[1:], text
    assert shop.list(since=f"{first[:19]}Z")[-1] == posted[1]
    assert shop.list(since="2000-01-01T00:00:00+05:30") == posted


@pytest.mark.parametrize(
    "since",
    ["", "yesterday", "0", "1767454200", "2026-01-03", "2026-01-03T15:30:00", "2026-13-03T15:30:00Z",
     "2026-02-30T15:30:00Z", "2026-01-03T25:30:00Z", "2026-01-03T15:30:00.Z", "2026-01-03T15:30:00Zx", "\u0662026"],
)  # fmt: skip
def test_since_that_is_no_time_is_400(shop, since):
    answer = shop.server.request("GET", path(shop), shop.member, params={"since": since})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"]


def test_a_plus_in_the_query_is_read_as_written_or_as_a_space(shop):
    # Clients forget to escape it; the time zone must not become another one.
    shop.post("x")
    answer = shop.server.request("GET", path(shop) + "?since=2000-01-01T00:00:00+05:30", shop.member)
    assert answer.status_code in (200, 400)


def test_a_list_that_its_limit_cuts_has_more(shop):
    for number in range(7):
        shop.post(str(number))
    page = shop.server.request("GET", path(shop), shop.member, params={"limit": 3}).json()
    assert texts(page["data"]) == ["0", "1", "2"] and page["has_more"] is True
    page = shop.server.request("GET", path(shop), shop.member, params={"limit": 7}).json()
    assert len(page["data"]) == 7 and page["has_more"] is False


def test_paging_by_since_gives_every_message_once(shop):
    posted = [shop.post(str(number)) for number in range(25)]
    assert shop.list(since="1970-01-01T00:00:00Z", limit=4) == posted
    assert shop.list(limit=4) == posted


@pytest.mark.parametrize("limit", ["", "0", "-1", "ten", "1.5", "99999999999999999999", "1e3", "+1", "1 "])
def test_a_limit_that_is_out_of_range_or_no_number_is_400(shop, limit):
    answer = shop.server.request("GET", path(shop), shop.member, params={"limit": limit})
    assert answer.status_code == 400, answer.text


def test_only_members_may_read_and_a_missing_shop_looks_the_same(shop):
    theirs = shop.server.request("GET", path(shop), shop.outsider)
    missing = shop.server.request("GET", "/api/v1/shops/no-such-shop/messages", shop.member)
    assert theirs.status_code == missing.status_code == 403
    assert theirs.json() == missing.json()
    assert "data" not in theirs.json()


def test_the_lists_of_two_shops_are_separate(shop, common_server):
    other = next(common_server.fresh_shops)
    shop.post("mine")
    other.post("theirs")
    assert texts(shop.list()) == ["mine"] and texts(other.list()) == ["theirs"]


def test_a_shop_id_may_be_escaped_in_the_path(serve):
    server = serve(members=[("a shop/ü", "ada", "member")])
    server.post("a shop/ü", "ada", "x")
    answer = server.request("GET", "/api/v1/shops/a%20shop%2F%C3%BC/messages", "ada")
    assert answer.status_code == 200, answer.text
    assert texts(answer.json()["data"]) == ["x"]


def test_head_is_like_get_without_the_body(shop):
    shop.post("x")
    get = shop.server.request("GET", path(shop), shop.member)
    head = shop.server.request("HEAD", path(shop), shop.member)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == str(len(get.content))
    assert shop.server.request("HEAD", path(shop), shop.outsider).status_code == 403


@pytest.mark.parametrize("route", ["/", "/api", "/api/v1/shops", "/api/v1/shops//messages/x", "/nothing", "/metricsx"])
def test_an_unknown_path_is_404(shop, route):
    answer = shop.server.request("GET", route, shop.member)
    assert answer.status_code == 404
    assert set(answer.json()) >= {"message", "code"}


def test_a_method_that_a_path_lacks_is_405_and_names_those_it_has(shop):
    answer = shop.server.request("DELETE", path(shop), shop.member)
    assert answer.status_code == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} >= {"GET", "HEAD"}
    answer = shop.server.request("POST", "/healthz")
    assert answer.status_code == 405


def test_health_answers_are_bare_and_need_no_token(shop):
    health = shop.server.request("GET", "/api/v1/health/websocket")
    assert health.status_code == 200
    body = health.json()
    assert body["status"] == "healthy"
    assert all(isinstance(body[key], int) for key in ("active_connections", "active_shops"))
    assert body["uptime_seconds"] >= 0
    for route in ("/healthz", "/readyz", "/metrics"):
        assert shop.server.request("GET", route).status_code == 200, route


def test_preflights_and_cors_follow_the_origin_list(serve):
    server = serve(env={"WEBSOCKET_ALLOWED_ORIGINS": "https://app.example,https://admin.example:8443"})
    shop = server.shops[0]
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    good = server.request("OPTIONS", "/api/v1/shops/messages", headers={"Origin": "https://admin.example:8443", **ask})
    assert good.status_code in (200, 204)
    assert good.headers["Access-Control-Allow-Origin"] == "https://admin.example:8443"
    assert "POST" in good.headers["Access-Control-Allow-Methods"]
    allowed = good.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed and "content-type" in allowed
    bad = server.request("OPTIONS", "/api/v1/shops/messages", headers={"Origin": "https://evil.example", **ask})
    assert "Access-Control-Allow-Origin" not in bad.headers
    listed = server.request("GET", path(shop), shop.member, headers={"Origin": "https://app.example"})
    assert listed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "origin" in listed.headers.get("Vary", "").lower()
