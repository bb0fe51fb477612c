"""Order and completeness: many shops, many streams, many messages, two and more reactors."""

import asyncio
import collections
import json

import aiohttp
import pytest
from support.tokens import bearer

SHOP_COUNT, STREAMS_PER_SHOP, MESSAGE_COUNT = 50, 10, 20_000
WRITERS_PER_SHOP = 2
DEADLINE_SECONDS = 240


def shop_id(number):
    return f"shop-{number}"


def user_id(number):
    return f"user-{number}"


async def follow(session, server, shop, user, expected_count, opened, sequence):
    """Reads `expected_count` messages of the shop into `sequence`, in the order in which they came."""
    async with session.ws_connect(server.stream_url(shop), headers=bearer(user), max_msg_size=0) as stream:
        opened.release()
        while len(sequence) < expected_count:
            message = await stream.receive()
            assert message.type is aiohttp.WSMsgType.TEXT, f"{shop}: {message} after {len(sequence)} messages"
            body = json.loads(message.data)
            assert body["shop_id"] == shop, "another shop's message"
            sequence.append((body["id"], body["created_at"], body["message"]))


async def write(session, server, shop, user, name, count, answered):
    """Posts `count` messages one after the other."""
    headers = bearer(user)
    for number in range(count):
        body = {"shop_id": shop, "message": f"{name} {number}"}
        async with session.post(server.url("/api/v1/shops/messages"), json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 201, f"{answer.status} {text}"
            data = json.loads(text)["data"]
            answered.append((data["id"], data["created_at"], data["message"]))


async def run(server, per_writer):
    streams = [(shop, index) for shop in range(SHOP_COUNT) for index in range(STREAMS_PER_SHOP)]
    sequences = {key: [] for key in streams}
    answered = collections.defaultdict(list)
    opened = asyncio.Semaphore(0)
    per_shop = per_writer * WRITERS_PER_SHOP
    # One connector for the streams and one for the writers, each of whose connections serves many requests: with two
    # and more reactors most of the posts arrive at another reactor than the one that owns their shop.
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        readers = [
            asyncio.create_task(follow(
                session, server, shop_id(shop), user_id(shop * STREAMS_PER_SHOP + index), per_shop, opened,
                sequences[shop, index]))
            for shop, index in streams
        ]  # fmt: skip
        opening = asyncio.gather(*(opened.acquire() for _ in streams))
        done, _ = await asyncio.wait([opening, *readers], timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert opening in done, [task.exception() for task in done]
        await asyncio.gather(*(
            write(session, server, shop_id(shop), user_id(shop * STREAMS_PER_SHOP + writer), f"writer {writer} message",
                  per_writer, answered[shop])
            for shop in range(SHOP_COUNT) for writer in range(WRITERS_PER_SHOP)
        ))  # fmt: skip
        await asyncio.wait_for(asyncio.gather(*readers), 60)
    return sequences, answered


@pytest.mark.timeout(DEADLINE_SECONDS + 60)
@pytest.mark.parametrize("reactors", [2, 5])
def test_every_subscriber_of_a_shop_sees_every_message_once_in_the_same_order(serve, reactors):
    members = [
        (shop_id(shop), user_id(shop * STREAMS_PER_SHOP + index), "member")
        for shop in range(SHOP_COUNT)
        for index in range(STREAMS_PER_SHOP)
    ]
    server = serve(shops=0, members=members, reactors=reactors)
    # The full number once; with the reactors outnumbering the cores a tenth of it.
    per_writer = MESSAGE_COUNT // SHOP_COUNT // WRITERS_PER_SHOP // (1 if reactors == 2 else 10)

    async def bounded():
        return await asyncio.wait_for(run(server, per_writer), DEADLINE_SECONDS)

    sequences, answered = asyncio.run(bounded())
    for shop in range(SHOP_COUNT):
        expected = sorted(answered[shop], key=lambda message: message[1])
        assert len(expected) == per_writer * WRITERS_PER_SHOP
        assert len({created_at for _, created_at, _ in expected}) == len(expected), "two messages with one time"
        for index in range(STREAMS_PER_SHOP):
            assert sequences[shop, index] == expected, f"shop {shop}, stream {index}"
        for writer in range(WRITERS_PER_SHOP):
            name = f"writer {writer} message "
            numbers = [int(text[len(name):]) for _, _, text in expected if text.startswith(name)]
            assert numbers == list(range(per_writer)), "a writer's messages keep the order in which it wrote them"
        stored = server.list(shop_id(shop), user_id(shop * STREAMS_PER_SHOP))
        assert [(message["id"], message["created_at"], message["message"]) for message in stored] == expected
    total = SHOP_COUNT * per_writer * WRITERS_PER_SHOP
    assert server.metric("websocket_messages_broadcast_total") == total
    assert server.metric("websocket_messages_delivered_total") == total * STREAMS_PER_SHOP
    assert server.metric("websocket_broadcast_errors_total") == 0
