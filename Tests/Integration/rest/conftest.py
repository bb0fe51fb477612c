"""The same tests on every store."""

import contextlib

import pytest
from support.server import Server
from support.shops import SHOP_COUNT, shops_of
from support.stores import STORES
from support.tokens import ADMIN_SECRET


@pytest.fixture(params=["sqlite", "postgres"])
def serve(serve, request, tmp_path):
    """Servers of a test's own, on each store that outlives them."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            if "store" not in options:
                folder = tmp_path / f"store-{request.param}"
                folder.mkdir()
                options["store"] = stack.enter_context(STORES[request.param](folder))
            images = tmp_path / "images"
            options["env"] = {"SHOPSTREAM_IMAGES": str(images), **options.get("env", {})}
            server = serve(**options)
            server.images = images
            return server

        yield start


@pytest.fixture(scope="module", params=list(STORES))
def common_server(request, tmp_path_factory):
    """One server on each store for all tests of a file that need no settings of their own."""
    folder = tmp_path_factory.mktemp(request.param)
    members = [row for shop in shops_of(None, SHOP_COUNT) for row in shop.memberships]
    with STORES[request.param](folder) as store:
        server = Server(
            folder, members=members, store=store,
            env={
                "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0", "SHOPSTREAM_IMAGES": str(folder / "images"),
                "SHOPSTREAM_ADMIN_SECRET": ADMIN_SECRET,
            },
        )  # fmt: skip
        server.images = folder / "images"
        server.fresh_shops = iter(shops_of(server, SHOP_COUNT))
        server.start()
        yield server
        server.end()
