#!/usr/bin/env python3
"""Lays `sockconf analyze` beside `tshark -2` on captures of anybody's: compare.py SOCKCONF FILE|FOLDER... (tshark 4.0)

Flows are matched by addresses, ports and first packet. Differences for which docs/analyze.md gives a reason are counted by that reason; each other
one is printed, and the exit code is 1. So it is where `sockconf` ends by anything but 0, 1, or 2 with one line.
"""
import collections
import concurrent.futures
import ipaddress
import json
import os
import subprocess
import sys

MARKS = {"retransmission": "retransmissions", "out_of_order": "out_of_order", "zero_window": "zero_windows", "lost_segment": "gaps", "keep_alive": "keep_alives"}
FIELDS = ["frame.number", "frame.protocols", "frame.len", "frame.cap_len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.len", "ip.hdr_len", "ip.flags.mf", "ip.frag_offset", "ipv6.plen",
          "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.stream", "udp.stream", "tcp.len", "udp.length", "tcp.hdr_len", "tcp.short_segment", "tcp.bogus_header_length", "tcp.flags", "tcp.completeness"]
FIELDS += [f"tcp.analysis.{mark}" for mark in MARKS]
BEGINNINGS = {bytes.fromhex(magic) for magic in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "34cdb2a1", "a1b2cd34", "0a0d0d0a")}
INSIDE = {"mpls", "ppp", "chdlc", "ipoib", "nflog", "juniper", "macsec", "nsh", "fddi", "tr", "cfp", "gre", "vxlan", "geneve", "wlan"}  # PPP over Ethernet is known
ANNOUNCERS = ["ftp", "vnc", "sip", "sdp", "rtp", "rtcp", "rtsp", "tftp", "h225", "skinny", "mgcp", "megaco", "coap"]


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=600)


def number(text):
    return int(text, 0) if text else 0


def dissect(path, *options):
    """The frames that carry TCP or UDP themselves, not quoted by ICMP, nor inside another IP packet; and the addresses between which there are IPv6 fragments that nobody put together."""
    done = run("tshark", "-2", "-n", *options, "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f", *(word for field in FIELDS for word in ("-e", field)))
    frames, parts, count = [], set(), 0
    for line in done.stdout.decode(errors="replace").split("\n"):
        values = line.split("|")
        if len(values) != len(FIELDS):
            continue
        count += 1
        frame = dict(zip(FIELDS, values))
        layers = frame["frame.protocols"].split(":")
        at = next((i for i, layer in enumerate(layers) if layer in ("tcp", "udp")), None)
        if at is None and "ipv6.fraghdr" in layers:
            parts.add(frozenset(str(ipaddress.ip_address(frame[f"ipv6.{side}"])) for side in ("src", "dst")))
        if at is None or {"icmp", "icmpv6"} & set(layers[:at]) or sum(layer in ("ip", "ipv6") for layer in layers[:at]) != 1:
            continue
        kind, v4 = layers[at], "ip" in layers[:at]
        if not frame[f"{kind}.stream"] or not frame[f"{kind}.srcport"]:
            continue
        ends = [(str(ipaddress.ip_address(frame[("ip." if v4 else "ipv6.") + side])), int(frame[f"{kind}.{port}"])) for side, port in (("src", "srcport"), ("dst", "dstport"))]
        frame.update(kind=kind, source=ends[0], ends=(kind, *sorted(ends)), stream=frame[f"{kind}.stream"], number=int(frame["frame.number"]))
        frame["outside"] = layers[:at]
        frame["room"] = number(frame["ip.len"]) - number(frame["ip.hdr_len"]) if v4 else number(frame["ipv6.plen"])
        frames.append(frame)
    return frames, parts, count, done.stderr.decode(errors="replace")


def theirs(frames):
    streams = {}
    for frame in frames:
        streams.setdefault((frame["kind"], frame["stream"]), []).append(frame)
    flows = collections.defaultdict(list)
    for stream in streams.values():
        flows[stream[0]["ends"]].append(stream)
    return flows


def numbers(stream, source):
    """What docs/analysis.schema.json calls them."""
    tcp = stream[0]["kind"] == "tcp"
    sides = [[frame for frame in stream if (frame["source"] == source) == sent] for sent in (True, False)]
    both = {"packets": len(stream), "bytes": [sum(number(frame["frame.len"]) for frame in side) for side in sides]}
    both["payload"] = [sum(number(frame["tcp.len"]) if tcp else number(frame["udp.length"]) - 8 for frame in side) for side in sides]
    if tcp:
        both["completeness"] = 0
        for frame in stream:
            both["completeness"] |= number(frame["tcp.completeness"])
        both.update({name: sum(frame[f"tcp.analysis.{mark}"] != "" for frame in stream) for mark, name in MARKS.items()})
        both["resets"] = [sum(number(frame["tcp.flags"]) & 4 != 0 for frame in side) for side in sides]
    return both


def ours(document):
    flows = collections.defaultdict(list)
    for flow in document["flows"]:
        ends = [(str(ipaddress.ip_address(flow[side]["ip"])), flow[side]["port"]) for side in ("source", "destination")]
        flow["caller"] = ends[0]
        flows[(flow["protocol"], *sorted(ends))].append(flow)
    return flows


def differences(document, frames):
    """What differs, the two ends of the flow, here, there."""
    mine, other = ours(document), theirs(frames)
    for ends in sorted(mine.keys() | other.keys()):
        flows, streams = sorted(mine[ends], key=lambda flow: flow["first_packet"]), other[ends]
        begins = [flow["first_packet"] for flow in flows], [stream[0]["number"] for stream in streams]
        if begins[0] != begins[1]:
            yield ("flows", ends, *begins)
            continue
        for flow, stream in zip(flows, streams):
            for name, there in numbers(stream, flow["caller"]).items():
                here = [flow[name]["sent"], flow[name]["received"]] if isinstance(there, list) else flow[name]
                if here != there:
                    yield (name, ends, here, there)


def reason(difference, frames, parts, without):
    name, ends, here, there = difference
    if ends[0] == "udp" and frozenset(end[0] for end in ends[1:]) in parts:
        return "a first fragment over IPv6, without the others"
    mine = [frame for frame in frames if frame["ends"] == ends]
    streams = collections.Counter(frame["stream"] for frame in mine)
    if name == "completeness" and 1 in streams.values():
        return "a flow of a single packet"
    for frame in mine:
        if INSIDE & set(frame["outside"]) and "pppoes" not in frame["outside"]:
            return "inside what is not looked into"
        if frame["tcp.short_segment"] or frame["tcp.bogus_header_length"]:
            return "a TCP header of a length that cannot be"
        if ends[0] == "tcp" and number(frame["frame.cap_len"]) < number(frame["frame.len"]) - frame["room"] + max(number(frame["tcp.hdr_len"]), 20):
            return "a segment cut within its header"
        if ends[0] == "tcp" and frame["ip.flags.mf"] in ("1", "True") and number(frame["ip.frag_offset"]) == 0:
            return "a first fragment of TCP, without the others"
        if name == "payload" and number(frame["udp.length"]) > min(frame["room"], number(frame["frame.len"])):
            return "a datagram longer than its packet"
    further = [frame for frame in mine if name == "flows" and set(there) < set(here) and frame["number"] in set(here) - set(there)]
    if further and all(number(frame["tcp.flags"]) & 0x12 == 0x12 for frame in further):
        return "a SYN+ACK whose SYN is missing"
    if all((name, ends) != one[:2] for one in without()):
        return "a stream that another protocol announced"
    return None


def compare(sockconf, path):
    with open(path, "rb") as file:
        if file.read(4) not in BEGINNINGS:
            return None
    result = {"flows": 0, "reasons": collections.Counter(), "left": []}
    done = run(sockconf, "analyze", "--format", "json", path)
    said = done.stderr.decode(errors="replace").splitlines()
    if done.returncode not in (0, 1, 2) or len(said) != (1 if done.returncode == 2 else 0):
        result["left"].append(("exit", done.returncode, said[:3]))
    if not done.stdout:
        result["reasons"]["files that are refused"] += 1
        return result
    document = json.loads(done.stdout)
    frames, parts, count, complaints = dissect(path)
    if count != document["packets"]:
        if "TShark doesn't support" in complaints:
            result["reasons"]["files that tshark does not read"] += 1
        else:
            result["left"].append(("packets of the file", document["packets"], count))
        return result
    result["flows"] = document["flows_seen"]
    again = []

    def without():
        if not again:
            again.append(list(differences(document, dissect(path, *(word for one in ANNOUNCERS for word in ("--disable-protocol", one)))[0])))
        return again[0]

    for difference in differences(document, frames):
        why = reason(difference, frames, parts, without)
        if why:
            result["reasons"][f"{difference[0]}: {why}"] += 1
        else:
            result["left"].append(difference)
    return result


def main(sockconf, *places):
    files = [os.path.join(folder, name) for place in places for folder, _, names in os.walk(place) for name in sorted(names)] + [place for place in places if os.path.isfile(place)]
    captures, flows, left, reasons = 0, 0, 0, collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, result in zip(files, pool.map(lambda path: compare(sockconf, path), files)):
            if result is None:
                continue
            captures += 1
            flows += result["flows"]
            reasons += result["reasons"]
            left += len(result["left"])
            for difference in result["left"]:
                print(f"{path}: {' '.join(map(str, difference))}")
    for why, count in sorted(reasons.items()):
        print(f"{count:6}  {why}")
    print(f"{captures} captures, {flows} flows, {left} differences without a reason")
    return 1 if left or not captures else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
