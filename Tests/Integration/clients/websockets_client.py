"""The client on Python's websockets; see README.md."""

import asyncio
import json
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


async def main(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else None
    try:
        stream = await connect(url, additional_headers=headers, ping_interval=None, proxy=None)
    except InvalidStatus as error:
        return say("refused", status=error.response.status_code)
    say("open")

    async def close_when_told():
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        await stream.close(1000)

    closing = asyncio.create_task(close_when_told())  # noqa: F841, kept from being collected
    try:
        while True:
            say("message", data=await stream.recv())
    except ConnectionClosed as closed:
        say("closed", code=closed.rcvd.code if closed.rcvd else 1006)
    os._exit(0)  # the reader of standard input cannot be cancelled


asyncio.run(main(*sys.argv[1:]))
