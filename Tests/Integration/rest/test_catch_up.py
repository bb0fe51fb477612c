"""A client that loses its stream again and again misses nothing."""

import os
import time

from support.catchup import Client, Writer, drop_and_rejoin
from support.seeds import seeded

LOAD_SECONDS = int(os.environ.get("SHOPSTREAM_TEST_LOAD_SECONDS", 20))  # on each store
WRITER_COUNT = 3


def test_a_client_that_drops_and_rejoins_ends_with_exactly_what_is_stored(shop):
    chance = seeded()
    ends = time.monotonic() + LOAD_SECONDS
    writers = [Writer(shop, type(chance)(chance.getrandbits(32)), ends) for _ in range(WRITER_COUNT)]
    drop_and_rejoin(Client(shop), writers, chance)
