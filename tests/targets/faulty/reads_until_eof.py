# defect: nothing is echoed before the client has ended its output
# mistake: the whole input is collected first, as one reads a file
# trips: echo/data/answers-while-open
import asyncio
import sys


async def echo(reader, writer):
    try:
        writer.write(await reader.read())
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
