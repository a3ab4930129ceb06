"""Echo server on asyncio streams; drain() supplies the back-pressure."""
import asyncio
import sys


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # reset by the client
    finally:
        writer.close()  # what is still buffered goes out first


async def main():
    server = await asyncio.start_server(
        echo, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True
    )
    async with server:
        await server.serve_forever()


asyncio.run(main())
