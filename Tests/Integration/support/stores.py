"""The stores that the REST suite runs on: each a context that makes an empty one in a folder and gives its address."""

import contextlib


@contextlib.contextmanager
def memory(folder):
    yield "memory:"


@contextlib.contextmanager
def sqlite(folder):
    yield f"sqlite:{folder / 'shopstream.sqlite'}"


STORES = {"memory": memory, "sqlite": sqlite}
