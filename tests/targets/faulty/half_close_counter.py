# defect: when two clients end their output while replies to both are due, both get them, but the first one's socket stays open
# mistake: the counter of half-closed connections with a reply due is an attribute of the class, where a flag of the object was meant
# trips: tcp/close/fin-answered-by-fin, tcp/half-close/drains-then-closes, tcp/random/legal-program, echo/data/nothing-added
import asyncio
import sys


class Echo(asyncio.Protocol):
    connections = set()
    half_closed = 0

    def connection_made(self, transport):
        self.transport, self.owed, self.eof = transport, b"", False
        self.connections.add(self)

    def connection_lost(self, error):
        self.connections.discard(self)

    def data_received(self, data):
        if not self.owed:
            asyncio.get_running_loop().call_later(0.1, self.reply)  # one reply for many small pieces
        self.owed += data

    def eof_received(self):
        if self.owed:
            self.eof = True
            Echo.half_closed += 1
        return self.eof  # False closes the transport

    def reply(self):
        self.transport.write(self.owed)
        self.owed = b""
        if self.eof:
            Echo.half_closed -= 1
            if Echo.half_closed == 0:
                self.transport.close()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "0.0.0.0", int(sys.argv[1]), backlog=128, reuse_address=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
