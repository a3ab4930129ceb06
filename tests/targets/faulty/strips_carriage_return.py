# defect: carriage returns are not echoed
# mistake: tried with telnet, whose lines end in CR LF, the CR "looked wrong" in the log and was removed
# trips: echo/data/unchanged
import asyncio
import sys


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data.replace(b"\r", b""))
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
