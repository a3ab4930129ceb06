# serves: calc-line.yaml
"""Calculator on asyncio streams; readuntil() finds the lines and knows their greatest length."""
import asyncio
import re
import sys

LONGEST = 512
ADD = re.compile(rb"ADD (-?[0-9]{1,18}) (-?[0-9]{1,18})")


def answer(line):
    if line == b"PING":
        return b"PONG"
    if line == b"QUIT":
        return b"BYE"
    if numbers := ADD.fullmatch(line):
        return b"OK %d" % (int(numbers[1]) + int(numbers[2]))
    return b"ERR what is that?"


async def talk(reader, writer):
    writer.write(b"READY\r\n")
    line = b""
    while line != b"QUIT":
        try:
            line = (await reader.readuntil(b"\r\n"))[:-2]
        except asyncio.LimitOverrunError:
            writer.write(b"ERR line too long\r\n")
            return
        writer.write(answer(line) + b"\r\n")
        await writer.drain()


async def drop_the_rest(reader):
    while await reader.read(65536):
        pass


async def serve(reader, writer):
    try:
        await talk(reader, writer)
        # A close with input unread would be a reset, which destroys the last reply.
        writer.write_eof()
        await asyncio.wait_for(drop_the_rest(reader), 5)
    except asyncio.IncompleteReadError:
        pass  # the end of the input; half a line is no line
    except (OSError, asyncio.TimeoutError):
        pass  # reset by the client, or it goes on sending for more than five seconds
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(
        serve, "0.0.0.0", int(sys.argv[1]), limit=LONGEST, backlog=128, reuse_address=True
    )
    async with server:
        await server.serve_forever()


asyncio.run(main())
