"""Hostile clients, each kind bounded in count and in what it repeats. Loopback only; the standard library only."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import socket
import time

MESSAGE_BYTES = 16_000
LIST_MESSAGES = 1_000
STREAM_RECEIVE_BYTES = 4_096
# One user writes as many messages as its limit allows at once, and no more.
MESSAGES_PER_WRITER = 20
UPLOAD_BYTES = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n"


def token(secret, user):
    """A token as an identity service makes it (RFC 7519, HS256)."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(b'{"alg":"HS256","typ":"JWT"}')
    body = part(json.dumps({"sub": user, "exp": int(time.time()) + 3_600}).encode())
    signed = head + b"." + body
    return (signed + b"." + part(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode()


class Target:
    """The server, and the shop and users of the attackers."""

    def __init__(self, port, secret, users):
        self.port = port
        self.secret = secret
        self.users = users
        self.shop = "attacked"
        self.tokens = {}
        self.counts = {}

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def bearer(self, user):
        if user not in self.tokens:
            self.tokens[user] = token(self.secret, user)
        return f"Authorization: Bearer {self.tokens[user]}\r\n"

    async def connect(self, receive_bytes=None):
        """A connection, from one of many loopback addresses."""
        made = socket.socket()
        if receive_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        made.setblocking(False)
        made.bind((f"127.0.{random.randint(1, 200)}.{random.randint(1, 200)}", 0))
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.port)), 10)
        return made

    async def exchange(self, connection, request, read_max=1 << 30):
        """Sends a request and reads its answer; returns the status and the bytes read, 0 when the connection ended."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, request)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = await loop.sock_recv(connection, 1 << 16)
            if not piece:
                return 0, 0
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        status, fields, count = int(head[9:12]), head.lower(), len(body)
        if b"content-length:" in fields:
            left = int(fields.split(b"content-length:")[1].split(b"\r\n")[0]) - count
            while left > 0 and count < read_max:
                piece = await loop.sock_recv(connection, 1 << 18)
                if not piece:
                    return status, count
                count += len(piece)
                left -= len(piece)
        elif b"chunked" in fields:
            last = body[-8:]
            while not last.endswith(b"0\r\n\r\n") and count < read_max:
                piece = await loop.sock_recv(connection, 1 << 18)
                if not piece:
                    return status, count
                count += len(piece)
                last = (last + piece)[-8:]
        return status, count


async def again(target, name, body, pause):
    """Repeats `body` until it is cancelled; what fails is counted and begun again after a pause."""
    while True:
        try:
            await body()
        except (OSError, asyncio.TimeoutError) as error:
            target.count(f"{name}: {type(error).__name__}")
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))


async def post(target, connection, user, text):
    body = json.dumps({"shop_id": target.shop, "message": text}).encode()
    head = (
        f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: attack\r\n{target.bearer(user)}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return await target.exchange(connection, head.encode() + body)


async def fill(target, message_count=LIST_MESSAGES):
    """Makes the lists long: texts that are six times as long in JSON."""
    connection = await target.connect()
    for number in range(message_count):
        user = target.users[number // MESSAGES_PER_WRITER % len(target.users)]
        status, _ = await post(target, connection, user, "\u0001" * MESSAGE_BYTES)
        if status != 201:
            raise RuntimeError(f"a message of the attackers' shop was answered {status}")
    connection.close()


async def slow_reader(target, number):
    """A stream that is opened and never read; the posts of `poster` make it slow."""

    async def run():
        connection = await target.connect(STREAM_RECEIVE_BYTES)
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            user = target.users[number // 5 % len(target.users)]
            request = (
                f"GET /api/v1/shops/{target.shop}/messages/stream HTTP/1.1\r\nHost: attack\r\n{target.bearer(user)}"
                f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            )
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connection, request.encode())
            answer = await asyncio.wait_for(loop.sock_recv(connection, 12), 30)
            target.count(f"slow readers: {answer[9:12].decode()}")
            await asyncio.sleep(30)
        finally:
            connection.close()

    await again(target, "slow readers", run, 10)


async def poster(target, number):
    """Writes to the attackers' shop as much as one user may."""

    async def run():
        connection = await target.connect()
        try:
            while True:
                status, _ = await post(target, connection, target.users[-1 - number], "x" * 4_000)
                target.count(f"posts: {status}")
                await asyncio.sleep(0.1)
        finally:
            connection.close()

    await again(target, "posts", run, 1)


async def half_open(target, number):
    """A handshake that never ends: a byte every few seconds."""

    async def run():
        connection = await target.connect()
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connection, b"GET /api/v1/shops/attacked/messages/stream HTTP/1.1\r\nX-Slow: ")
            target.count("half-open handshakes")
            for _ in range(20):
                await asyncio.sleep(3)
                await loop.sock_sendall(connection, b"x")
        finally:
            connection.close()

    await again(target, "half-open handshakes", run, 1)


async def idle(target, number):
    """A connection that is kept open after one request."""

    async def run():
        connection = await target.connect()
        try:
            status, _ = await target.exchange(connection, b"GET /healthz HTTP/1.1\r\nHost: attack\r\n\r\n")
            target.count(f"idle connections: {status}")
            await asyncio.sleep(60)
        finally:
            connection.close()

    await again(target, "idle connections", run, 1)


async def looper(target, number):
    """Reads the longest list there is, again and again."""

    async def run():
        connection = await target.connect()
        try:
            while True:
                request = (
                    f"GET /api/v1/shops/{target.shop}/messages HTTP/1.1\r\nHost: attack\r\n"
                    f"{target.bearer(target.users[number])}\r\n"
                )
                status, count = await target.exchange(connection, request.encode())
                target.count(f"lists: {status}")
                target.count("list bytes", count)
                if status != 200:
                    await asyncio.sleep(0.2)
                if status == 0:
                    return
        finally:
            connection.close()

    await again(target, "lists", run, 0.1)


async def uploader(target, number):
    """Uploads images, again and again, and does not stop when it is refused."""
    image = PNG + os.urandom(UPLOAD_BYTES)
    body = (
        b'--part\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        + image + b"\r\n--part--\r\n"
    )  # fmt: skip

    async def run():
        connection = await target.connect()
        try:
            head = (
                f"POST /api/v1/shops/messages/image/upload?shop_id={target.shop} HTTP/1.1\r\nHost: attack\r\n"
                f"{target.bearer(target.users[number])}Content-Type: multipart/form-data; boundary=part\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            status, _ = await target.exchange(connection, head.encode() + body)
            target.count(f"uploads: {status}")
        finally:
            connection.close()

    await again(target, "uploads", run, 0.05)


KINDS = {
    "slow-readers": slow_reader,
    "half-open": half_open,
    "idle": idle,
    "loopers": looper,
    "uploaders": uploader,
    "posters": poster,
}


async def attack(target, counts, seconds, opened=None):
    """Lets so many of each kind loose for so long; `opened` is called when all have begun."""
    tasks = []
    for kind, count in counts.items():
        for number in range(count):
            tasks.append(asyncio.create_task(KINDS[kind](target, number)))
            # All at once would be an attack on the listener's queue alone.
            if number % 20 == 19:
                await asyncio.sleep(0.02)
    if opened:
        opened()
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
