"""The six functions of an NSS hosts module, called with a buffer of any size and alignment (R-NSS-1)."""
import ctypes
import ipaddress
import os
import socket

AF_INET, AF_INET6 = socket.AF_INET, socket.AF_INET6
TRYAGAIN, UNAVAIL, NOTFOUND, SUCCESS = -2, -1, 0, 1
NETDB_INTERNAL, NETDB_SUCCESS, HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY, NO_DATA = -1, 0, 1, 2, 3, 4
UNTOUCHED = 12345


def load(path):
    return ctypes.CDLL(os.path.abspath(path))


class Hostent(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('aliases', ctypes.POINTER(ctypes.c_void_p)), ('family', ctypes.c_int),
                ('length', ctypes.c_int), ('addresses', ctypes.POINTER(ctypes.c_void_p))]


class Tuple(ctypes.Structure):
    pass


Tuple._fields_ = [('next', ctypes.POINTER(Tuple)), ('name', ctypes.c_void_p), ('family', ctypes.c_int),
                  ('address', ctypes.c_ubyte * 16), ('scope', ctypes.c_uint32)]


class Buffer:
    """A caller's buffer at a chosen alignment, with canaries on both sides."""

    def __init__(self, size, offset=0):
        self.size, self.block = size, ctypes.create_string_buffer(b'\xA5' * (size + 256), size + 256)
        base = ctypes.addressof(self.block)
        self.start = (base + 127 & ~63) + offset
        self.before, self.after = self.start - base, self.start - base + size

    def intact(self):
        return set(self.block.raw[:self.before]) <= {0xA5} and set(self.block.raw[self.after:]) <= {0xA5}

    def holds(self, address, length):
        return self.start <= address and address + length <= self.start + self.size

    def text(self, address):
        text = ctypes.string_at(address)
        assert self.holds(address, len(text) + 1), 'a string outside the buffer'
        return text

    def bytes(self, address, length):
        assert self.holds(address, length), 'an address outside the buffer'
        return str(ipaddress.ip_address(ctypes.string_at(address, length)))


def pointers(array):
    return iter(lambda i=iter(range(1 << 20)): array[next(i)], None)


class Outcome(dict):
    __getattr__ = dict.get


def host_result(host, buffer):
    assert host.length == (4 if host.family == AF_INET else 16)
    return {'name': buffer.text(host.name), 'aliases': [buffer.text(a) for a in pointers(host.aliases)],
            'family': host.family, 'addresses': [buffer.bytes(a, host.length) for a in pointers(host.addresses)]}


def tuple_result(first, buffer):
    found, node = [], first
    while node:
        entry = node.contents
        assert buffer.holds(ctypes.addressof(entry), ctypes.sizeof(Tuple)), 'a tuple outside the buffer'
        size = 4 if entry.family == AF_INET else 16
        found.append((buffer.text(entry.name), str(ipaddress.ip_address(bytes(entry.address[:size]))), entry.scope))
        node = entry.next
    return {'tuples': found}


def call(shim, function, subject, family, size=8192, offset=0, ttl_wanted=True):
    """One lookup. The outcome has status, error and host_error, and on success the result as plain values."""
    buffer, host, first, canonical = Buffer(size, offset), Hostent(), ctypes.POINTER(Tuple)(), ctypes.c_void_p()
    error, host_error, ttl = ctypes.c_int(UNTOUCHED), ctypes.c_int(UNTOUCHED), ctypes.c_int32(UNTOUCHED)
    where = [ctypes.c_void_p(buffer.start), ctypes.c_size_t(size), ctypes.byref(error), ctypes.byref(host_error)]
    ttl_place = ctypes.byref(ttl) if ttl_wanted else None
    arguments = {
        'gethostbyname': lambda: [subject, ctypes.byref(host), *where],
        'gethostbyname2': lambda: [subject, family, ctypes.byref(host), *where],
        'gethostbyname3': lambda: [subject, family, ctypes.byref(host), *where, ttl_place,
                                   ctypes.byref(canonical) if ttl_wanted else None],
        'gethostbyname4': lambda: [subject, ctypes.byref(first), *where, ttl_place],
        'gethostbyaddr': lambda: [subject, len(subject), family, ctypes.byref(host), *where],
        'gethostbyaddr2': lambda: [subject, len(subject), family, ctypes.byref(host), *where, ttl_place],
    }[function]()
    status = getattr(shim, f'_nss_resolve_{function}_r')(*arguments)
    assert buffer.intact(), f'{function} wrote outside its buffer of {size}'
    outcome = Outcome(status=status, error=error.value, host_error=host_error.value)
    if status == SUCCESS:
        outcome.update(tuple_result(first, buffer) if function == 'gethostbyname4' else host_result(host, buffer))
        if function in ('gethostbyname3', 'gethostbyname4', 'gethostbyaddr2') and ttl_wanted:
            outcome['ttl'] = ttl.value
        if function == 'gethostbyname3' and ttl_wanted:
            assert canonical.value == host.name
    return outcome


FUNCTIONS = [('gethostbyname', AF_INET), ('gethostbyname2', AF_INET), ('gethostbyname2', AF_INET6),
             ('gethostbyname3', AF_INET), ('gethostbyname3', AF_INET6), ('gethostbyname4', 0),
             ('gethostbyaddr', AF_INET), ('gethostbyaddr', AF_INET6), ('gethostbyaddr2', AF_INET),
             ('gethostbyaddr2', AF_INET6)]
V4, V6 = bytes([192, 0, 2, 7]), ipaddress.ip_address('2001:db8::7').packed


def by_address(function):
    return function.startswith('gethostbyaddr')


def ask(shim, function, family, **options):
    subject = {AF_INET: V4, AF_INET6: V6}.get(family) if by_address(function) else b'host.example'
    return call(shim, function, subject, family, **options)
