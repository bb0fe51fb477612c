"""A process that is stopped for a while and continues: the pause costs no client its stream."""

import selectors
import signal
import threading
import time

import pytest
from support.deadline import wait_until
from support.rawsocket import CLOSE, PING, PONG, RawSocket, frame

STREAM_COUNT = 300
PAUSE_SECONDS = 5
FAST = {
    "WEBSOCKET_PING_PERIOD_SECONDS": "2",
    "WEBSOCKET_PONG_WAIT_SECONDS": "4",
    "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "1000",
    "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
}


class Crowd:
    """Streams that answer every ping at once, read by one thread."""

    def __init__(self, streams):
        self.streams = streams
        self.pings = 0
        self.closed = []
        self.is_over = False
        self.selector = selectors.DefaultSelector()
        for stream in streams:
            self.selector.register(stream.socket, selectors.EVENT_READ, stream)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while not self.is_over:
            for key, _ in self.selector.select(0.2):
                stream = key.data
                found = stream.frame()
                while found and found[0] == PING:
                    self.pings += 1
                    stream.send(frame(PONG, found[1]))
                    if not stream.pending:
                        break
                    found = stream.frame()
                if found is None or found[0] == CLOSE:
                    self.closed.append(found)
                    self.selector.unregister(stream.socket)

    def end(self):
        self.is_over = True
        self.thread.join(10)
        for stream in self.streams:
            stream.socket.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("reactors", [1, 2])
def test_streams_survive_a_pause_that_is_longer_than_their_pong_wait(serve, reactors):
    server = serve(env=FAST, reactors=reactors)
    shops = server.shops
    streams = [RawSocket(server, seconds=30).opened(shops[n % 3].id, shops[n % 3].member) for n in range(STREAM_COUNT)]
    crowd = Crowd(streams)
    try:
        wait_until(lambda: crowd.pings >= STREAM_COUNT, 30, "every stream was pinged once")
        for _ in range(2):
            server.signal(signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)  # the pause itself is what is tested
            server.signal(signal.SIGCONT)
            pings = crowd.pings
            wait_until(lambda: crowd.pings >= pings + 2 * STREAM_COUNT, 40, "every stream was pinged twice")
            assert crowd.closed == []
        assert server.open_streams() == STREAM_COUNT
        assert server.metric("shopstream_reactor_paused_seconds_total") > 1
    finally:
        server.signal(signal.SIGCONT)
        crowd.end()
