#!/usr/bin/python3
"""Between the resolver and a name server on loopback: notes every question, and lets some never be answered.

dnsproxy.py SERVER-PORT LOG: prints its own port, then serves until it is killed. Names with a label `silent` get no
answer. The log has a line for each question that came: name, blank, number of the type."""
import asyncio
import socket
import struct
import sys


def question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1").lower())
        at += 1 + packet[at]
    return labels, struct.unpack(">H", packet[at + 1:at + 3])[0]


class Proxy(asyncio.DatagramProtocol):
    def __init__(self, server, log):
        self.server, self.log = server, log

    def connection_made(self, transport):
        self.transport = transport

    def wanted(self, packet):
        labels, number = question(packet)
        self.log.write(".".join(labels) + f" {number}\n")
        self.log.flush()
        return "silent" not in labels

    def datagram_received(self, packet, sender):
        if self.wanted(packet):
            asyncio.ensure_future(self.relay(packet, sender))

    async def relay(self, packet, sender):
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.connect(("127.0.0.1", self.server))
            await loop.sock_sendall(out, packet)
            self.transport.sendto(await loop.sock_recv(out, 65535), sender)

    async def stream(self, reader, writer):
        try:
            n = await reader.readexactly(2)
            packet = await reader.readexactly(struct.unpack(">H", n)[0])
            if self.wanted(packet):
                there, back = await asyncio.open_connection("127.0.0.1", self.server)
                back.write(n + packet)
                n = await there.readexactly(2)
                writer.write(n + await there.readexactly(struct.unpack(">H", n)[0]))
                await writer.drain()
                back.close()
        except asyncio.IncompleteReadError:
            pass
        writer.close()


async def main():
    with open(sys.argv[2], "w", encoding="latin-1") as log:
        proxy = Proxy(int(sys.argv[1]), log)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: proxy, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        await asyncio.start_server(proxy.stream, "127.0.0.1", port)
        print(port, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
