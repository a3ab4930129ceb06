# defect: what one client sends is sent back to all clients
# mistake: the server was made from the chat server of an earlier exercise, which tells everybody everything
# trips: tcp/isolation/interleaved
import asyncio
import sys

clients = set()


async def echo(reader, writer):
    clients.add(writer)
    try:
        while data := await reader.read(65536):
            for client in clients:
                client.write(data)
            await writer.drain()
    except OSError:
        pass  # reset by the client
    finally:
        clients.discard(writer)
        writer.close()


async def main():
    server = await asyncio.start_server(echo, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
