# serves: discard, daytime, time, chargen
"""Four of the small services over TCP, on asyncio streams."""
import asyncio
import struct
import sys
import time

SINCE_1900 = 2208988800  # seconds from 1900 to 1970, RFC 868
LINGER = 60  # seconds that a client has to end after we have
LINES = b"".join(bytes(32 + (line + i) % 95 for i in range(72)) + b"\r\n" for line in range(95))


async def discard(reader, writer):
    while await reader.read(65536):
        pass


async def say(answer, reader, writer):
    """Sends the answer and a FIN, then reads to the end: to close with input unread would reset."""
    writer.write(answer)
    writer.write_eof()
    await asyncio.wait_for(discard(reader, writer), LINGER)


async def daytime(reader, writer):
    await say(time.strftime("%A, %B %d, %Y %H:%M:%S-UTC\r\n", time.gmtime()).encode(), reader, writer)


async def seconds(reader, writer):
    await say(struct.pack("!I", (int(time.time()) + SINCE_1900) % 2**32), reader, writer)


async def chargen(reader, writer):
    generator = asyncio.create_task(generate(writer))
    try:
        await discard(reader, writer)
    finally:
        generator.cancel()


async def generate(writer):
    try:
        while True:
            writer.write(LINES)
            await writer.drain()
            await asyncio.sleep(0)  # drain() alone lets nobody else run while the client is fast
    except OSError:
        pass  # the reading side hears of it, too


def handler(service):
    async def serve(reader, writer):
        try:
            await service(reader, writer)
        except (OSError, asyncio.TimeoutError):
            pass  # reset by the client, or it would not end
        finally:
            writer.close()

    return serve


async def main():
    service = {"discard": discard, "daytime": daytime, "time": seconds, "chargen": chargen}[sys.argv[2]]
    server = await asyncio.start_server(
        handler(service), "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True
    )
    async with server:
        await server.serve_forever()


asyncio.run(main())
