"""load-tcp.py ADDRESS RATE SECONDS: asks at a steady rate, each question on a connection of its own, and prints how many
connections were refused, how many were closed before the answer, how many had none within five seconds, and the longest wait
of the others in ms."""
import socket
import struct
import sys
import threading
import time

address, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
name = b'\x04load\x04test\x00'
query = struct.pack('>HHHHHH', 7, 0x100, 1, 0, 0, 0) + name + b'\x00\x01\x00\x01'
counts = {'refused': 0, 'closed': 0, 'unanswered': 0}
waits = []
lock = threading.Lock()


def ask():
    begun = time.monotonic()
    outcome = None
    try:
        with socket.create_connection((address, 53), 5) as connection:
            connection.sendall(struct.pack('>H', len(query)) + query)
            if len(connection.recv(512)) == 0:
                outcome = 'closed'
    except ConnectionRefusedError:
        outcome = 'refused'
    except ConnectionError:
        outcome = 'closed'
    except TimeoutError:
        outcome = 'unanswered'
    with lock:
        if outcome is None:
            waits.append(time.monotonic() - begun)
        else:
            counts[outcome] += 1


def go_on(first, workers):
    began = time.monotonic()
    for number in range(first, int(rate * seconds), workers):
        time.sleep(max(0, began + number / rate - time.monotonic()))
        ask()


WORKERS = 32
threads = [threading.Thread(target=go_on, args=(first, WORKERS)) for first in range(WORKERS)]
for each in threads:
    each.start()
for each in threads:
    each.join()
told = ', '.join(f'{what} {count}' for what, count in counts.items())
print(f'asked {int(rate * seconds)}, {told}, longest {max(waits) * 1000:.0f} ms')
