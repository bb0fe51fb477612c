"""The client on Python's aiohttp; see README.md."""

import asyncio
import json
import os
import sys

import aiohttp


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


async def main(url, token=None, version=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if version:
        headers["Sec-WebSocket-Version"] = version
    async with aiohttp.ClientSession() as session:
        try:
            stream = await session.ws_connect(url, headers=headers, autoping=True)
        except aiohttp.WSServerHandshakeError as error:
            return say("refused", status=error.status)
        say("open")

        async def close_when_told():
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            await stream.close(code=1000)

        closing = asyncio.create_task(close_when_told())
        async for message in stream:
            say("message", data=message.data)
        if stream.close_code is None:
            await closing  # it is this side that closes: the server's answer is still to come
        say("closed", code=stream.close_code)
        os._exit(0)  # the reader of standard input cannot be cancelled


asyncio.run(main(*sys.argv[1:]))
