"""Waiting for events, never for time to pass."""

import time


def wait_until(condition, seconds=10.0, what="the condition"):
    """Polls `condition` until it is true and returns its value; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s (last: {value!r})")
        time.sleep(0.02)
