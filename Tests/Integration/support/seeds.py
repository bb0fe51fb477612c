"""Randomness that can be replayed."""

import os
import random


def seeded():
    """A generator whose seed is printed; SHOPSTREAM_TEST_SEED replays it."""
    seed = int(os.environ.get("SHOPSTREAM_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"SHOPSTREAM_TEST_SEED={seed}")
    return random.Random(seed)
