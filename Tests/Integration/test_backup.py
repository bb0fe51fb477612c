"""The backup that tools/README.md describes, taken while the server writes: what was acknowledged before it is in it."""

import shutil
import sqlite3
import threading

import pytest
from support.images import fetch, upload
from support.server import Server

WRITTEN_BEFORE = 50


@pytest.fixture
def writer():
    """Posts to a shop until it is stopped; `.acknowledged` are the answers."""

    class Writer:
        def __init__(self):
            self.acknowledged, self.stopping, self.error = [], threading.Event(), None

        def begin(self, shop):
            def run():
                try:
                    while not self.stopping.is_set():
                        self.acknowledged.append(shop.post(f"message {len(self.acknowledged)}"))
                except Exception as error:
                    self.error = error

            self.thread = threading.Thread(target=run)
            self.thread.start()

        def end(self):
            self.stopping.set()
            self.thread.join(30)
            assert self.error is None

    writer = Writer()
    yield writer
    writer.stopping.set()


def copy_of(store, target):
    """What `.backup` of sqlite3 does, by the same function of SQLite, some pages at a time."""
    with sqlite3.connect(store) as source, sqlite3.connect(target) as copy:
        source.backup(copy, pages=16, sleep=0.001)


def test_a_backup_has_what_was_acknowledged_before_it(serve, writer, tmp_path):
    server = serve()
    shop = server.shops[0]
    image = upload(shop)
    named = shop.post(f"[IMAGE:{image['image_url']}]", shop.member)
    writer.begin(shop)
    while len(writer.acknowledged) < WRITTEN_BEFORE and writer.thread.is_alive():
        writer.stopping.wait(0.01)
    before = [named, *writer.acknowledged]
    store = server.folder / "shopstream.sqlite"
    target = tmp_path / "restored"
    target.mkdir()
    copy_of(store, target / "shopstream.sqlite")
    shutil.copytree(f"{store}-images", target / "shopstream.sqlite-images")
    writer.end()
    assert server.terminate() == 0

    restored = Server(target, members=[row for it in server.shops for row in it.memberships])
    try:
        restored.start()
        shop.server = restored
        listed = shop.list()
        assert [message for message in before if message not in listed] == []
        assert fetch(shop, image).status_code == 200
        assert shop.post("after the restore") in shop.list()
        assert restored.terminate() == 0
    finally:
        restored.end()
