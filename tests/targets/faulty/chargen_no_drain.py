# serves: chargen
# defect: what a client does not read piles up in the server's memory
# mistake: write() on an asyncio stream is thought to wait until the data has gone; without drain() it only stores it
# trips: chargen/flow/bounded-memory
import asyncio
import sys

LINES = b"".join(bytes(32 + (line + i) % 95 for i in range(72)) + b"\r\n" for line in range(95))

clients = 0  # who share some 20 MB a second


async def generate(writer):
    while True:
        writer.write(4 * LINES)
        await asyncio.sleep(0.001 * clients)


async def chargen(reader, writer):
    global clients
    clients += 1
    generator = asyncio.create_task(generate(writer))
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass  # reset by the client
    finally:
        clients -= 1
        generator.cancel()
        writer.close()


async def main():
    server = await asyncio.start_server(chargen, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
