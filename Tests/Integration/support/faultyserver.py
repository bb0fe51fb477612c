"""A server that speaks the routes of the real one and breaks its promises on purpose, in a known number of cases.

It runs in a thread of its own. A fault is chosen by the number of the message within the shop's stream and by the
number of the stream: `faults(message, stream)` returns one of the names below, or None. What was done is counted in
`done`, to be compared with what the load generator reports.
"""

import asyncio
import base64
import collections
import hashlib
import json
import re
import struct
import threading
import time

DROP, DOUBLE, SWAP, CORRUPT, CUT_TEXT, CUT_FRAME, FOREIGN, DELAY, RESTART = (
    "drop", "double", "swap", "corrupt", "cut text", "cut frame", "foreign", "delay", "restart",
)  # fmt: skip
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload, opcode=1):
    if len(payload) < 126:
        head = bytes([0x80 | opcode, len(payload)])
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 126, len(payload))
    return head + payload


class Stream:
    def __init__(self, number, writer):
        self.number = number
        self.writer = writer
        self.held = None  # a frame that waits for its successor to overtake it


class FaultyServer:
    """Use it as a context manager; `url` is where it listens.

    `refuse(message)` says with which status a POST is answered instead of 201, without a publication; 0 is no answer
    but the connection's end. `omit(message)` says what lists leave out. `stall` is a pair (period, length) in seconds: that
    long the whole server stands still, that often. The first `refused_upgrades` upgrades are refused after `delay`
    seconds. `greeting` is sent to each stream first.
    """

    def __init__(self, faults=lambda message, stream: None, refuse=lambda message: None, omit=lambda message: False,
                 stall=None, delay=0.05, refused_upgrades=0, greeting=None):
        self.faults, self.refuse, self.omit, self.stall, self.delay = faults, refuse, omit, stall, delay
        self.refused_upgrades, self.greeting = refused_upgrades, greeting
        self.streams = collections.defaultdict(list)
        self.opened = collections.Counter()
        self.messages = collections.Counter()
        self.posters = collections.defaultdict(set)  # the ports that post to a shop
        self.done = collections.Counter()
        self.texts = {}
        self.log = collections.defaultdict(list)
        self.lists = 0
        self.tokens = collections.defaultdict(set)  # by the method

    # Its life

    def __enter__(self):
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(10), "the faulty server does not start"
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _run(self, ready):
        asyncio.run(self._serve(ready))

    async def _serve(self, ready):
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        stalling = asyncio.create_task(self._stalls()) if self.stall else None
        await self.stop.wait()
        if stalling:
            stalling.cancel()
        server.close()
        for shop in self.streams.values():
            for stream in shop:
                stream.writer.close()

    async def _stalls(self):
        period, length = self.stall
        while True:
            await asyncio.sleep(period - length)
            time.sleep(length)  # on purpose: everything stands still

    # Connections

    async def _connection(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:] if line)
                }
                self.tokens[head.partition(" ")[0]].add(fields.get("authorization"))
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                if fields.get("upgrade", "").lower() == "websocket":
                    await self._stream(head, fields, reader, writer)
                    return
                if head.startswith("POST "):
                    self.posters[fields["x-shop-id"]].add(writer.get_extra_info("peername"))
                answer = self._list(fields) if head.startswith("GET ") else self._post(body, fields)
                if not answer:
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _stream(self, head, fields, reader, writer):
        if self.refused_upgrades > 0:
            self.refused_upgrades -= 1
            await asyncio.sleep(self.delay)
            writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
            return
        shop = re.match(r"GET /api/v1/shops/([^/]+)/messages/stream", head).group(1)
        accept = base64.b64encode(hashlib.sha1(fields["sec-websocket-key"].encode() + GUID).digest()).decode()
        # The frames' order is what is tested: nothing may be sent before the upgrade.
        writer.write(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self.opened[shop] += 1
        if self.greeting:
            writer.write(frame(self.greeting))
        stream = Stream(self.opened[shop] - 1, writer)
        self.streams[shop].append(stream)
        while data := await reader.read(4096):
            if data[0] == 0x88 and stream in self.streams[shop]:
                writer.write(frame(b"", opcode=8))
                self.streams[shop].remove(stream)
                return

    def _post(self, body, fields):
        posted = json.loads(body)
        shop = posted["shop_id"]
        assert fields["x-shop-id"] == shop
        self.messages[shop] += 1
        self.texts[shop] = posted["message"]
        number = self.messages[shop]
        status = self.refuse(number)
        if status is not None:
            self.done[status] += 1
            return b"" if status == 0 else f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
        if not self.omit(number):
            self.log[shop].append({"id": f"{shop}-{number}", "message": posted["message"]})
        for stream in list(self.streams[shop]):
            self._deliver(stream, number, {"id": f"{shop}-{number}", "shop_id": shop, "message": posted["message"]})
        return b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"

    def _list(self, fields):
        """All messages of the shop, regardless of `since` and `limit`, except those that are to be left out."""
        self.lists += 1
        body = json.dumps({"data": self.log[fields["x-shop-id"]], "has_more": False}).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    # Deliveries

    def _deliver(self, stream, number, message):
        fault = self.faults(number, stream.number)
        if fault == FOREIGN and len(self.texts) < 2:
            fault = None  # there is no message of another shop yet
        if fault:
            self.done[fault] += 1
        text = message["message"]
        if fault == CORRUPT:
            message["message"] = text[:-5] + "#####"
        elif fault == CUT_TEXT:
            message["message"] = text[:-40]
        elif fault == FOREIGN:
            # Its own message comes too: what is foreign is one more.
            stream.writer.write(frame(json.dumps({"message": self._foreign(message["shop_id"])}).encode()))
        data = frame(json.dumps(message).encode())
        if fault == DROP:
            return
        if fault == SWAP:
            stream.held = data
            return
        if fault == CUT_FRAME:
            stream.writer.write(data[:-20])
            stream.writer.close()
            return
        if fault == RESTART:
            reason = b"server restarting, reconnect in 0 s"
            stream.writer.write(frame(struct.pack("!H", 1012) + reason, opcode=8))
            self.streams[message["shop_id"]].remove(stream)
            return
        if stream.writer.is_closing():
            return
        if fault == DELAY:
            self.loop.call_later(self.delay, stream.writer.write, data)
            return
        stream.writer.write(data * (2 if fault == DOUBLE else 1))
        if stream.held:
            stream.writer.write(stream.held)
            stream.held = None

    def _foreign(self, shop):
        """The last text of some other shop."""
        return next(text for name, text in self.texts.items() if name != shop)
