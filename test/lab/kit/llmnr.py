"""A neighbour that answers by LLMNR as it is told to, and one that only listens. Words: what to do, the link, and more."""
import json
import socket
import struct
import sys
import threading

GROUP, PORT = '224.0.0.252', 5355


def question_of(query):
    """The bytes of the question, whose name is one label."""
    return query[12 : 12 + query[12] + 6]


def reply_to(query, address, flags=0x8000):
    question = question_of(query)
    record = b'\xc0\x0c' + struct.pack('!HHIH', 1, 1, 30, 4) + socket.inet_aton(address)
    return query[:2] + struct.pack('!HHHHH', flags, 1, 1, 0, 0) + question + record


def group_socket(link):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((GROUP, PORT))
    member = struct.pack('=4s4si', socket.inet_aton(GROUP), bytes(4), socket.if_nametoindex(link))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return s


def source_socket(source, ttl):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    s.bind((source, PORT))
    return s


def serve_streams(source, answer):
    server = socket.create_server((source, PORT))
    while True:
        stream, _ = server.accept()
        with stream:
            size = struct.unpack('!H', stream.recv(2))[0]
            reply = reply_to(stream.recv(size), answer)
            stream.sendall(struct.pack('!H', len(reply)) + reply)


def answer(link, name, source, address, ttl='255', stream_address=None):
    """Answers for a name; with `stream_address` it says that there is more, and tells that by TCP."""
    listening, sending = group_socket(link), source_socket(source, int(ttl))
    if stream_address:
        threading.Thread(target=serve_streams, args=(source, stream_address), daemon=True).start()
    print('listening', flush=True)
    while True:
        query, asker = listening.recvfrom(9000)
        asked = question_of(query)[1:-5].decode()
        if query[2] & 0x80 or asked.lower() != name or question_of(query)[-4:-2] != b'\0\1':
            continue
        print('asked', query[2], flush=True)
        sending.sendto(reply_to(query, address, 0x8200 if stream_address else 0x8000), asker)


def listen(link):
    """Tells of every packet from or to the port of LLMNR: protocol, addresses and hop limit."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    s.bind((link, 3))
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
        if protocol not in (6, 17) or len(packet) < at + 4 or PORT not in struct.unpack('!HH', packet[at : at + 4]):
            continue
        seen = {'protocol': {6: 'tcp', 17: 'udp'}[protocol], 'from': ends[0], 'to': ends[1], 'ttl': ttl}
        print(json.dumps(seen), flush=True)


{'answer': answer, 'listen': listen}[sys.argv[1]](*sys.argv[2:])
