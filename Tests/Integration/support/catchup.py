"""A client that loses its stream again and again, and the writers meanwhile."""

import contextlib
import datetime
import socket
import threading
import time

import requests
from websockets.exceptions import InvalidStatus

from .streams import open_stream, receive
from .tokens import token


class Worker(threading.Thread):
    """Works until the end; the test's own thread raises what it failed with."""

    def __init__(self, chance, ends):
        super().__init__()
        self.chance, self.ends = chance, ends
        self.own, self.deleted = [], set()
        self.failure = None

    def run(self):
        try:
            self.work()
        except Exception as failure:
            self.failure = failure

    def finish(self):
        self.join()
        if self.failure:
            raise self.failure

    def one_of_its_own(self, remove=False):
        index = self.chance.randrange(len(self.own))
        return self.own.pop(index) if remove else self.own[index]


class Writer(Worker):
    """Posts, edits what it posted, deletes some of it, as fast as it is answered; `statuses` may come instead."""

    def __init__(self, shop, chance, ends, statuses=()):
        super().__init__(chance, ends)
        self.shop, self.statuses = shop, statuses

    def work(self):
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token(self.shop.admin)}"
            url, number = self.shop.server.url("/api/v1/shops/messages"), 0
            while time.monotonic() < self.ends:
                number += 1
                kind = self.chance.random() if self.own else 1
                if kind < 0.1:
                    message = self.one_of_its_own(remove=True)
                    self.deleted.add(message)
                    answer = session.delete(f"{url}/{message}", timeout=15)
                elif kind < 0.35:
                    body = {"message_id": self.one_of_its_own(), "message": f"edit {self.name} {number}"}
                    answer = session.put(url, json=body, timeout=15)
                else:
                    body = {"shop_id": self.shop.id, "message": f"{self.name} {number}"}
                    answer = session.post(url, json=body, timeout=15)
                assert answer.status_code in (200, 201, *self.statuses), f"{answer.status_code} {answer.text}"
                if answer.status_code == 201:
                    self.own.append(answer.json()["data"]["id"])
                elif answer.status_code == 503:
                    time.sleep(0.1)


class ForeignWriter(Worker):
    """Another service, which writes the tables directly."""

    def __init__(self, shop, database, chance, ends):
        super().__init__(chance, ends)
        self.shop, self.database = shop, database

    def work(self):
        number = 0
        while time.monotonic() < self.ends:
            number += 1
            kind = self.chance.random() if self.own else 1
            if kind < 0.1:
                message = self.one_of_its_own(remove=True)
                self.deleted.add(message)
                sql = f"DELETE FROM shop_messages WHERE id = '{message}'"
            elif kind < 0.35:
                sql = (
                    f"UPDATE shop_messages SET message = 'foreign edit {number}', is_edited = true, updated_at = now() "
                    f"WHERE id = '{self.one_of_its_own()}'"
                )
            else:
                sql = (
                    "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, is_edited) VALUES "
                    f"('foreign-{number}', '{self.shop.id}', 'somebody', 'foreign {number}', now(), false)"
                )
            try:
                self.database.sql(sql)
            except AssertionError:  # the database is or became unavailable: the answer may be lost and not the row
                time.sleep(0.2)
            if kind >= 0.35:
                self.own.append(f"foreign-{number}")
            time.sleep(0.02)


class SlowForeignWriter(Worker):
    """Another service whose transactions stay open for `seconds`: it writes with `now()` and commits late."""

    def __init__(self, shop, database, chance, ends, seconds):
        super().__init__(chance, ends)
        self.shop, self.database, self.seconds = shop, database, seconds

    def work(self):
        number = 0
        while time.monotonic() < self.ends:
            number += 1
            identifier = f"slow-{self.seconds}-{number}"
            seconds = self.seconds * self.chance.uniform(0.5, 1)
            self.database.sql(
                "BEGIN; INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, is_edited) VALUES "
                f"('{identifier}', '{self.shop.id}', 'somebody', 'slow {number}', now(), false);"
                f"SELECT pg_sleep({seconds}); COMMIT"
            )
            self.own.append(identifier)


class Client:
    """What an app on a telephone keeps: its messages by id, and the time of the last change that it knows.

    `overlap` is how many seconds before that it asks again: services that write the tables directly have clocks of
    their own, and their times are in no order with the server's. `statuses` may come instead of what is asked for.
    Without `ordered`, others write too, and what they commit late is dated before what was seen.
    """

    def __init__(self, shop, overlap=0, statuses=(), ordered=True):
        self.shop, self.overlap, self.statuses, self.ordered = shop, overlap, statuses, ordered
        self.messages = {}
        self.last = "1970-01-01T00:00:00.000000Z"
        self.round_count = 0

    @staticmethod
    def time_of(message):
        return message["updated_at"] or message["created_at"]

    def take(self, message):
        """A change; one that is older than what is known of the message changes nothing."""
        known = self.messages.get(message["id"])
        if known is None or self.time_of(known) < self.time_of(message):
            self.messages[message["id"]] = message
        self.last = max(self.last, self.time_of(message))

    def since(self):
        if not self.overlap or self.last.startswith("1970"):
            return self.last
        last = datetime.datetime.strptime(self.last, "%Y-%m-%dT%H:%M:%S.%fZ")
        return (last - datetime.timedelta(seconds=self.overlap)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def catch_up(self):
        """Reads what was missed, page by page; whether it came to the end."""
        since = self.since()
        while True:
            page = self.shop.server.request(
                "GET", f"/api/v1/shops/{self.shop.id}/messages", self.shop.member, params={"since": since, "limit": 50}
            )
            if page.status_code in self.statuses:
                return False
            assert page.status_code == 200, page.text
            for message in page.json()["data"]:
                self.take(message)
                since = self.time_of(message)
            if not page.json()["has_more"]:
                return True

    def stay(self, chance):
        """One stream, and its messages until it was lost; `message.deleted` and the rest are events."""
        self.round_count += 1
        try:
            stream = open_stream(self.shop.server, self.shop.id, self.shop.member, subprotocols=["shopstream.v2"])
        except InvalidStatus as refusal:
            assert refusal.response.status_code in self.statuses, refusal
            return
        # The stream first and then the list: what comes between the two comes twice rather than never.
        if self.catch_up():
            events = []
            try:
                for _ in range(chance.randrange(60)):
                    events.append(receive(stream, 1))
            except TimeoutError:
                pass
            changes = [event["data"] for event in events if event["type"] != "message.deleted"]
            if not self.overlap and self.ordered:
                times = [self.time_of(change) for change in changes]
                assert times == sorted(set(times)), "a stream gives each change once, in the shop's order"
            for event in events:
                if event["type"] == "message.deleted":
                    self.messages.pop(event["data"]["id"], None)
                else:
                    self.take(event["data"])
        # An app that ends sends no close frame. The socket is shut, as the library's thread holds it: closed, it would
        # stay open until something came.
        if chance.random() < 0.5:
            with contextlib.suppress(OSError):
                stream.socket.shutdown(socket.SHUT_RDWR)
        else:
            stream.close()


def drop_and_rejoin(client, workers, chance):
    """Runs the workers to their end while the client comes and goes: at last it must know exactly what is stored."""
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        client.stay(chance)
    deleted = set()
    for worker in workers:
        worker.finish()
        deleted |= worker.deleted
    assert client.catch_up()
    # In the order of the last change: a list longer than a page is gone on with by `since`, and a list in the order of
    # creation would name what was edited since a second time after the cut.
    stored = client.shop.list(since="1970-01-01T00:00:00Z")
    assert len(stored) == len({message["id"] for message in stored})
    stored = {message["id"]: message for message in stored}
    # The client receives no deletions of the time in which it was offline.
    known = {key: message for key, message in client.messages.items() if key in stored or key not in deleted}
    assert known == stored
    edited = sum(message["is_edited"] for message in stored.values())
    print(f"{len(stored)} messages, {edited} edited, {len(deleted)} deleted, {client.round_count} streams")
    assert client.round_count > 1 and edited and deleted
