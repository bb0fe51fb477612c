"""kill -9 at random moments of a load: an answered message is in the store after the restart."""

import asyncio
import json
import random

import aiohttp
import pytest
from support.tokens import bearer

ROUNDS = 6
WRITERS = 8


async def write_until_it_breaks(session, server, shop, writer, answered, attempted):
    """Posts until the connection fails; `answered` gets what was answered with 201."""
    headers = bearer(shop.admin)
    number = 0
    while True:
        text = f"{len(attempted)} writer {writer} number {number}"
        attempted.add(text)
        try:
            body = {"shop_id": shop.id, "message": text}
            async with session.post(server.url("/api/v1/shops/messages"), json=body, headers=headers) as answer:
                data = await answer.read()
        except (aiohttp.ClientError, ConnectionError):
            return
        assert answer.status == 201, data
        answered.append(json.loads(data)["data"])
        number += 1


async def load_and_kill(server, shops, answered, attempted, kill_after_answers):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        writers = [
            asyncio.create_task(write_until_it_breaks(
                session, server, shops[writer % len(shops)], writer, answered[shops[writer % len(shops)].id], attempted))
            for writer in range(WRITERS)
        ]  # fmt: skip
        enough = sum(map(len, answered.values())) + kill_after_answers
        while sum(map(len, answered.values())) < enough:
            await asyncio.sleep(0)
        server.process.kill()
        await asyncio.gather(*writers)


@pytest.mark.timeout(180)
def test_every_answered_message_survives_kill_9(serve):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    source = random.Random(seed)
    server = serve(shops=4)
    answered = {shop.id: [] for shop in server.shops}
    attempted = set()
    for _ in range(ROUNDS):
        asyncio.run(load_and_kill(server, server.shops, answered, attempted, source.randrange(1, 400)))
        server.wait()
        server.start()
        for shop in server.shops:
            stored = shop.list()
            by_id = {message["id"]: message for message in stored}
            lost = [message for message in answered[shop.id] if by_id.get(message["id"]) != message]
            assert lost == [], f"answered and not in the store: {lost[:3]}"
            assert len(by_id) == len(stored), "a message is there twice"
            assert {message["message"] for message in stored} <= attempted
            times = [message["created_at"] for message in stored]
            assert times == sorted(set(times)), "the times rise across restarts"


def test_messages_and_the_clock_of_a_shop_survive_a_restart(serve):
    server = serve()
    shop = server.shops[0]
    before = [shop.post(str(number)) for number in range(5)]
    assert server.terminate() == 0
    server.start()
    after = shop.post("after")
    assert shop.list() == [*before, after]
    assert after["created_at"] > before[-1]["created_at"]
    assert shop.list(since=before[2]["created_at"]) == [*before[3:], after]
