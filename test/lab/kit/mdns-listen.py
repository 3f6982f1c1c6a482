"""Tells of every packet from or to port 5353 that passes a link: addresses, ports, hop limit and bytes, one JSON object a line."""
import json
import socket
import struct
import sys

PORT, UDP = 5353, 17

s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.bind((sys.argv[1], 3))
print('listening', flush=True)
while True:
    packet = s.recv(65536)
    if len(packet) < 40:
        continue
    if packet[0] >> 4 == 4:
        protocol, at, ttl = packet[9], (packet[0] & 15) * 4, packet[8]
        ends = [socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])]
    else:
        protocol, at, ttl = packet[6], 40, packet[7]
        ends = [socket.inet_ntop(socket.AF_INET6, packet[i : i + 16]) for i in (8, 24)]
    if protocol != UDP or len(packet) < at + 8:
        continue
    source, target, length = struct.unpack('!HHH', packet[at : at + 6])
    if PORT not in (source, target):
        continue
    seen = {'from': ends[0], 'fromPort': source, 'to': ends[1], 'toPort': target, 'hopLimit': ttl}
    print(json.dumps({**seen, 'hex': packet[at + 8 : at + length].hex()}), flush=True)
