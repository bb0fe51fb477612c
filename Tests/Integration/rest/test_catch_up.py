"""A client that loses its stream again and again misses nothing."""

import os
import threading
import time

import requests
from support.seeds import seeded
from support.streams import open_stream, receive
from support.tokens import token

LOAD_SECONDS = int(os.environ.get("SHOPSTREAM_TEST_LOAD_SECONDS", 20))  # on each store
WRITER_COUNT = 3


class Writer(threading.Thread):
    """Posts, and edits what it posted, as fast as it is answered."""

    def __init__(self, shop, chance, ends):
        super().__init__()
        self.shop, self.chance, self.ends = shop, chance, ends
        self.failure = None

    def run(self):
        try:
            with requests.Session() as session:
                session.headers["Authorization"] = f"Bearer {token(self.shop.admin)}"
                self.write(session)
        except Exception as failure:  # told by the test's own thread
            self.failure = failure

    def write(self, session):
        url, own, number = self.shop.server.url("/api/v1/shops/messages"), [], 0
        while time.monotonic() < self.ends:
            number += 1
            if own and self.chance.random() < 0.3:
                body = {"message_id": self.chance.choice(own), "message": f"edit {self.name} {number}"}
                answer = session.put(url, json=body, timeout=15)
            else:
                answer = session.post(url, json={"shop_id": self.shop.id, "message": f"{number}"}, timeout=15)
            assert answer.status_code in (200, 201), answer.text
            own.append(answer.json()["data"]["id"])


class Client:
    """What an app on a telephone keeps: its messages by id, and the time of the last change that it knows."""

    def __init__(self, shop):
        self.shop = shop
        self.messages = {}
        self.last = "1970-01-01T00:00:00Z"
        self.frames = []

    @staticmethod
    def time_of(message):
        return message["updated_at"] or message["created_at"]

    def take(self, message):
        """A change; one that is older than what is known of the message changes nothing."""
        known = self.messages.get(message["id"])
        if known is None or self.time_of(known) < self.time_of(message):
            self.messages[message["id"]] = message
        self.last = max(self.last, self.time_of(message))

    def catch_up(self):
        for message in self.shop.list(self.shop.member, since=self.last, limit=50):
            self.take(message)


def test_a_client_that_drops_and_rejoins_ends_with_exactly_what_is_stored(shop):
    chance = seeded()
    ends = time.monotonic() + LOAD_SECONDS
    writers = [Writer(shop, type(chance)(chance.getrandbits(32)), ends) for _ in range(WRITER_COUNT)]
    for writer in writers:
        writer.start()
    client, rounds = Client(shop), 0
    while any(writer.is_alive() for writer in writers):
        rounds += 1
        stream = open_stream(shop.server, shop.id, shop.member)
        # The stream first and then the list: what comes between the two comes twice rather than never.
        client.catch_up()
        changes = []
        try:
            for _ in range(chance.randrange(60)):
                changes.append(receive(stream, 1))
        except TimeoutError:
            pass
        times = [Client.time_of(change) for change in changes]
        assert times == sorted(set(times)), "a stream gives each change once, in the shop's order"
        for change in changes:
            client.take(change)
        # A telephone that lost its network says no goodbye.
        stream.socket.close() if chance.random() < 0.5 else stream.close()
    for writer in writers:
        writer.join()
        assert writer.failure is None
    client.catch_up()
    # In the order of the last change: a list longer than a page is gone on with by `since`, and a list in the order of
    # creation would name what was edited since a second time behind the cut.
    stored = shop.list(since="1970-01-01T00:00:00Z")
    assert len(stored) == len({message["id"] for message in stored})
    assert client.messages == {message["id"]: message for message in stored}
    print(f"{len(stored)} messages, {sum(message['is_edited'] for message in stored)} edited, {rounds} streams")
    assert rounds > 1 and any(message["is_edited"] for message in stored)
