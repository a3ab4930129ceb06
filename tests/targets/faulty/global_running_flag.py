# defect: as soon as one client has left, all others are disconnected at their next message, later ones included
# mistake: the flag that ends the loop of a connection is global, and nobody sets it again
# trips: tcp/accept/one-after-another
import asyncio
import sys

running = True


async def echo(reader, writer):
    global running
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                running = False
            if not running:
                break
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # reset by the client
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(echo, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
