"""The stores that the REST suite runs on: each a context that makes an empty one in a folder and gives its address."""

import contextlib

from .postgres import Postgres


@contextlib.contextmanager
def memory(folder):
    yield "memory:"


@contextlib.contextmanager
def sqlite(folder):
    yield f"sqlite:{folder / 'shopstream.sqlite'}"


@contextlib.contextmanager
def postgres(folder):
    cluster = Postgres()
    try:
        cluster.migrate().check_returncode()
        yield cluster.uri
    finally:
        cluster.remove()


STORES = {"memory": memory, "sqlite": sqlite, "postgres": postgres}
