"""Four client libraries, each with the token in the header and in the query."""

import signal

import pytest
from support.clients import NAMES, Client, commands
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.tokens import token


@pytest.fixture(scope="session")
def client_commands(tmp_path_factory):
    return commands(tmp_path_factory.mktemp("clients"))


@pytest.fixture
def open_client(client_commands):
    started = []

    def start(name, server, shop_id, user, by="header"):
        text = token(user)
        url, header = (server.stream_url(shop_id), text) if by == "header" else (server.stream_url(shop_id, text), None)
        started.append(Client(client_commands[name], url, header))
        return started[-1]

    yield start
    for client in started:
        client.end()


@pytest.mark.parametrize("by", ["header", "query"])
@pytest.mark.parametrize("name", NAMES)
def test_created_messages_arrive_in_order_and_the_client_closes_cleanly(shop, open_client, name, by):
    shop.post("before: there is no history")
    client = open_client(name, shop.server, shop.id, shop.member, by)
    assert client.event() == {"event": "open"}
    posted = [shop.post(text) for text in ("one", "two", "drei 😀", "x" * 16384, "[IMAGE:https://example.com/x.png]")]
    assert [client.message() for _ in posted] == posted
    client.close()
    assert client.event() == {"event": "closed", "code": 1000}


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_stops_closes_the_stream_with_1001(serve, open_client, name):
    server = serve()
    shop = server.shops[0]
    client = open_client(name, server, shop.id, shop.member)
    assert client.event() == {"event": "open"}
    server.signal(signal.SIGTERM)
    assert client.event() == {"event": "closed", "code": 1001}
    assert server.wait() == 0


@pytest.mark.parametrize("name", NAMES)
def test_refusals_are_seen_before_the_upgrade(shop, open_client, name):
    expected = {"status": 403, "event": "refused"}
    assert open_client(name, shop.server, shop.id, shop.outsider).event() == expected
    client = open_client(name, shop.server, shop.id + "\u0301".encode().hex(), shop.member)
    assert client.event() == expected, "a shop that is missing looks like one of others"


@pytest.mark.parametrize("name", NAMES)
def test_an_address_without_a_shop_is_refused_with_400(shop, open_client, name):
    assert open_client(name, shop.server, "", shop.member).event() == {"event": "refused", "status": 400}


@pytest.mark.parametrize("name", ["aiohttp", "node"])  # the others speak 13 only
def test_another_version_of_the_protocol_is_refused_with_426(shop, client_commands, name):
    client = Client(client_commands[name], shop.server.stream_url(shop.id), token(shop.member), version="8")
    try:
        assert client.event() == {"event": "refused", "status": 426}
    finally:
        client.end()


@pytest.mark.parametrize("by", ["header", "query"])
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_token_is_refused_with_401(shop, client_commands, name, by):
    bad = token(shop.member, secret="another-secret-of-at-least-32-bytes!")
    url = shop.server.stream_url(shop.id, bad if by == "query" else None)
    client = Client(client_commands[name], url, bad if by == "header" else None)
    try:
        assert client.event() == {"event": "refused", "status": 401}
    finally:
        client.end()


def test_every_client_answers_pings_and_stays(serve, open_client):
    server = serve(env={"WEBSOCKET_PING_PERIOD_SECONDS": "1", "WEBSOCKET_PONG_WAIT_SECONDS": "2"})
    shop = server.shops[0]
    clients = [open_client(name, server, shop.id, shop.admin) for name in NAMES]
    for client in clients:
        assert client.event() == {"event": "open"}
    # This one came last and answers no ping: once it is closed, the others have been asked as often.
    with RawSocket(server, seconds=15) as silent:
        silent.opened(shop.id, shop.member)
        assert silent.is_at_end()
    wait_until(lambda: server.open_streams() == len(NAMES), what="the four are still there")
    message = shop.post("still here?")
    for client in clients:
        assert client.message() == message
