# defect: a client that is silent for one second is disconnected
# mistake: a time limit that should keep dead clients from piling up is set as short as in the student's tests
# trips: tcp/idle/stays-open
import asyncio
import sys


async def echo(reader, writer):
    try:
        while data := await asyncio.wait_for(reader.read(65536), timeout=1):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncio.TimeoutError):
        pass  # reset by the client, or silent
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(echo, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
