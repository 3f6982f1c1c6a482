"""load.py ADDRESS RATE SECONDS: asks at a steady rate from many sockets, each question once, and prints how many were never
answered within five seconds, and the longest wait of the others in ms."""
import select
import socket
import struct
import sys
import time

address, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(64)]
poll = select.poll()
by_fd = {}
for each in sockets:
    each.connect((address, 53))
    each.setblocking(False)
    poll.register(each, select.POLLIN)
    by_fd[each.fileno()] = each
name = b'\x04load\x04test\x00'
asked = {}
refused = longest = sent = 0
began = time.monotonic()
while True:
    now = time.monotonic()
    due = min(int((now - began) * rate), int(rate * seconds))
    while sent < due:
        each = sockets[sent % 64]
        number = sent // 64 % 65536
        query = struct.pack('>HHHHHH', number, 0x100, 1, 0, 0, 0) + name + b'\x00\x01\x00\x01'
        sent += 1
        try:
            each.send(query)
            asked[each.fileno(), number] = time.monotonic()
        except OSError:
            refused += 1
    for fd, _ in poll.poll(1):
        try:
            while True:
                reply = by_fd[fd].recv(512)
                at = asked.pop((fd, struct.unpack('>H', reply[:2])[0]), None)
                if at is not None:
                    longest = max(longest, time.monotonic() - at)
        except BlockingIOError:
            pass
        except OSError:
            refused += 1
    if sent == int(rate * seconds) and (not asked or time.monotonic() > began + seconds + 5):
        break
print(f'sent {sent}, unanswered {len(asked)}, refused {refused}, longest {longest * 1000:.0f} ms')
