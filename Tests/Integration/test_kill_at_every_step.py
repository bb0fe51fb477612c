"""kill -9 before every single step of a POST: what was answered or framed is in the store after the restart."""

import itertools
import json

import pytest
from support.killswitch import STEPS_MAX, KillSwitch
from support.rawsocket import TEXT, RawSocket
from support.tokens import token

NEVER = STEPS_MAX


@pytest.fixture
def switch(tmp_path):
    return KillSwitch(tmp_path)


def post(server, shop, connection, text):
    """Sends a POST and returns the answered message; None when the connection ends instead."""
    body = json.dumps({"shop_id": shop.id, "message": text}).encode()
    connection.send(
        f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    answer = connection.response()
    if answer is None or answer[2] is None:
        return None
    assert answer[0] == 201, answer
    return json.loads(answer[2])["data"]


def framed(stream):
    """The message of the next frame; None when the connection ends before it is whole."""
    found = stream.frame()
    if found is None:
        return None
    assert found[0] == TEXT
    return json.loads(found[1])


def post_with_kill(server, switch, step, text):
    """One POST of a server that ends before `step`: what its author and a subscriber got, and `switch.disarm()`."""
    shop = server.shops[0]
    with RawSocket(server) as stream, RawSocket(server) as author:
        stream.opened(shop.id, shop.member)
        author.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert author.response()[0] == 200
        switch.arm(step)
        answer = post(server, shop, author, text)
        frame = framed(stream)
        return answer, frame, *switch.disarm()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("reactors", [1, 2])
def test_every_message_that_a_client_received_is_stored_whatever_the_step_of_the_kill(serve, switch, reactors):
    server = serve(env=switch.env, reactors=reactors)
    shop = server.shops[0]
    seen, outcomes = [], []
    for step in range(1, STEPS_MAX):
        text = f"killed before step {step}"
        answer, frame, steps, was_killed = post_with_kill(server, switch, step, text)
        if not was_killed:
            break
        assert server.wait() == -9
        server.start()
        seen += [message for message in (answer, frame) if message]
        stored = shop.list()
        by_id = {message["id"]: message for message in stored}
        assert [message for message in seen if by_id.get(message["id"]) != message] == []
        assert len(by_id) == len(stored), "a message is there twice"
        copies = [message["message"] for message in stored].count(text)
        assert copies <= 1
        outcomes.append((steps[-1], copies == 1, frame is not None, answer is not None))
        print(step, *outcomes[-1])
    assert answer == frame == shop.list()[-1], "the last round went through"
    times = [message["created_at"] for message in shop.list()]
    assert times == sorted(set(times)), "the times rise across restarts"
    # The kills hit the intended steps: on both sides of the append, of the publication and of the answer.
    assert outcomes[0] == ("pwrite", False, False, False), "before the append"
    assert ("fdatasync", True, False, False) in outcomes, "appended, not yet durable"
    assert outcomes[-2] == ("send", True, False, False), "durable, and no client has received it"
    assert outcomes[-1] in (("send", True, True, False), ("send", True, False, True)), "one of the two has received it"


@pytest.mark.parametrize("reactors", [1, 2])
def test_nothing_is_sent_before_the_message_is_on_the_disk(serve, switch, reactors):
    """A kill keeps what the kernel holds. The order of the steps shows that a message survives a power cut too."""
    server = serve(env=switch.env, reactors=reactors)
    for number in range(5):
        answer, frame, steps, _ = post_with_kill(server, switch, NEVER, f"message {number}")
        assert answer == frame
        assert [name for name, _ in itertools.groupby(steps)] == ["pwrite", "fdatasync", "send"], steps
