# defect: a greeting is sent before anything was received
# mistake: SMTP and FTP servers greet their clients, so the student's server does it too
# trips: echo/data/nothing-added, echo/data/unchanged, echo/data/every-segmentation, echo/data/every-size, tcp/half-close/drains-then-closes, tcp/isolation/interleaved
import asyncio
import sys


async def echo(reader, writer):
    try:
        writer.write(b"Welcome to the echo server\r\n")
        while data := await reader.read(65536):
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
