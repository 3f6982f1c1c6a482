"""Every outcome times every function, against a scripted daemon (R-NSS-1 to R-NSS-5, V-1 to V-7)."""
import contextlib
import ctypes
import errno
import ipaddress
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

from shim import (AF_INET, AF_INET6, FUNCTIONS, HOST_NOT_FOUND, NETDB_INTERNAL, NETDB_SUCCESS, NO_DATA, NO_RECOVERY, NOTFOUND,
                  SUCCESS, TRY_AGAIN, TRYAGAIN, UNAVAIL, UNTOUCHED, V4, V6, Buffer, Tuple, by_address, load, tuple_result)
import shim as functions

shim = load(sys.argv[1])
PATIENCE, SHORT_PATIENCE = 60000, 250  # ms, in place of 120 s

failures, count = [], 0


def check(name, got, expected):
    global count
    count += 1
    if got != expected:
        failures.append(name)
        print(f'FAILED {name}\n   got      {got!r}\n   expected {expected!r}')


def call(*arguments, **options):
    return functions.call(shim, *arguments, **options)


def ask(*arguments, **options):
    return functions.ask(shim, *arguments, **options)


# --- the scripted daemon --------------------------------------------------------------------------------------------

class Daemon:
    """Reads one request per connection, then does what `script(connection, request)` says."""

    def __init__(self, path):
        self.script, self.requests = None, []
        self.is_idle = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.is_idle.set()
            connection, _ = self.listener.accept()
            self.is_idle.clear()
            with connection, contextlib.suppress(OSError):
                data = b''
                while not data.endswith(b'\0') and (more := connection.recv(65536)):
                    data += more
                self.requests.append(data)
                self.script(connection, data)


def reply(*chunks, pause=0.0):
    def script(connection, _):
        for chunk in chunks:
            connection.sendall(chunk)
            if pause:
                time.sleep(pause)
    return script


def until_hangup(connection, _):
    connection.recv(1)


def drip(connection, _):
    while True:
        connection.sendall(b' ')
        time.sleep(0.01)


def flood(connection, _):
    connection.sendall(b'{"parameters":{"x":"')
    while True:
        connection.sendall(b'a' * 65536)


def message(**members):
    return json.dumps(members, separators=(',', ':')).encode() + b'\0'


def parameters(**members):
    return message(parameters=members)


def address(text, **more):
    packed = ipaddress.ip_address(text).packed
    return {'family': AF_INET if len(packed) == 4 else AF_INET6, 'address': list(packed), **more}


def good(function, family):
    if by_address(function):
        return parameters(names=[{'ifindex': 2, 'name': 'host.example'}, {'name': 'other.example'}], flags=1)
    addresses = {AF_INET: [address('192.0.2.1', ifindex=2), address('192.0.2.2')],
                 AF_INET6: [address('2001:db8::1', ifindex=2), address('fe80::1', ifindex=3)]}
    wanted = addresses[family] if family else addresses[AF_INET] + addresses[AF_INET6]
    return parameters(addresses=wanted, name='canonical.example', flags=1048577)


def expected_good(function, family):
    base = {'status': SUCCESS, 'error': UNTOUCHED, 'host_error': NETDB_SUCCESS}
    if function in ('gethostbyname3', 'gethostbyname4', 'gethostbyaddr2'):
        base['ttl'] = 0
    if by_address(function):
        subject = str(ipaddress.ip_address(V4 if family == AF_INET else V6))
        return base | {'name': b'host.example', 'aliases': [b'other.example'], 'family': family, 'addresses': [subject]}
    if function == 'gethostbyname4':
        name = b'canonical.example'
        return base | {'tuples': [(name, '192.0.2.1', 0), (name, '192.0.2.2', 0), (name, '2001:db8::1', 0),
                                  (name, 'fe80::1', 3)]}
    found = ['192.0.2.1', '192.0.2.2'] if family == AF_INET else ['2001:db8::1', 'fe80::1']
    return base | {'name': b'canonical.example', 'aliases': [], 'family': family, 'addresses': found}


def expected(status, host_error, error=UNTOUCHED):
    return {'status': status, 'error': error, 'host_error': host_error}


UNREACHABLE = expected(UNAVAIL, NO_RECOVERY, errno.EBADMSG)
LATER = expected(TRYAGAIN, TRY_AGAIN, errno.EAGAIN)
NO_HOST = expected(NOTFOUND, HOST_NOT_FOUND)
TOO_SMALL = expected(TRYAGAIN, NETDB_INTERNAL, errno.ERANGE)

folder = tempfile.mkdtemp()
path = os.path.join(folder, 'socket')
place = ctypes.c_char_p(path.encode())
shim.resolve_test_set(place, PATIENCE)


def every_function(name, daemon, script_for, expected_for):
    for function, family in FUNCTIONS:
        daemon.script = script_for(function, family)
        check(f'{name}: {function} {family}', ask(function, family), expected_for(function, family))


# --- the cases ------------------------------------------------------------------------------------------------------

def errors(daemon):
    resolve, varlink = 'io.systemd.Resolve.', 'org.varlink.service.'
    unreachable = ['io.systemd.Disconnected', 'io.systemd.TimedOut', 'io.systemd.Protocol',
                   varlink + 'InterfaceNotFound', varlink + 'MethodNotFound', varlink + 'MethodNotImplemented']
    later = [resolve + name for name in (
        'NoNameServers', 'QueryTimedOut', 'MaxAttemptsReached', 'NetworkDown', 'InvalidReply', 'QueryAborted', 'StubLoop',
        'DNSSECValidationFailed', 'NoTrustAnchor')] + ['io.systemd.System']
    final = [resolve + name for name in (
        'DNSError', 'QueryRefused', 'NoSource', 'ResourceRecordTypeUnsupported', 'CNAMELoop', 'BadAddressSize', 'DNSErrors')]
    final += [varlink + 'InvalidParameter', varlink + 'PermissionDenied', varlink + 'ExpectedMore', 'x', 'io.systemd.Resolve.NetworkDown\u00e4', 'io.systemd.Resolve.NetworkDow', 'e' * 5000]
    table = [(name, UNREACHABLE) for name in unreachable] + [(name, LATER) for name in later]
    table += [(name, NO_HOST) for name in final]
    for name, outcome in table:
        script = reply(message(error=name, parameters={'rcode': 3}))
        every_function(f'R-NSS-3, R-NSS-6 {name[:60]}', daemon, lambda *_: script, lambda *_: outcome)
    for parameters in (None, {}, *({'rcode': rcode} for rcode in (0, 1, 2, 4, 5, 16, 23, 4095, 4096, -3, 3.0, '3', None))):
        script = reply(message(error=resolve + 'DNSError', parameters=parameters))
        every_function(f'R-NSS-3 an outage is no missing name: DNSError {parameters}', daemon, lambda *_: script, lambda *_: LATER)
    script = reply(message(error=resolve + 'DNSError', parameters={'rcode': 6}))
    every_function('R-NSS-3 YXDOMAIN', daemon, lambda *_: script, lambda *_: NO_HOST)
    for more in ({}, {'parameters': None}, {'parameters': {}, 'x': [1]}):
        script = reply(message(error=resolve + 'NoSuchResourceRecord', **more))
        every_function(f'R-NSS-3 NODATA {more}', daemon, lambda *_: script,
                       lambda function, _: NO_HOST if by_address(function) else expected(NOTFOUND, NO_DATA))


def answers(daemon):
    every_function('answer', daemon, lambda *which: reply(good(*which)), expected_good)
    extra = {'someday': {'deep': [[[{'a': None}]]]}, 'continues': False, 'error': None}

    def decorated(*which):
        body = json.loads(good(*which)[:-1])['parameters']
        lists = [body[key] for key in ('addresses', 'names') if key in body]
        for entry in lists[0]:
            entry.update(addressString='192.0.2.1', more=[1.5e3, True], zone=None)
        return reply(json.dumps({**extra, 'parameters': {'new': extra, **body}}, indent=3).encode() + b' \r\n\t\0')
    every_function('unknown keys and space everywhere', daemon, decorated, expected_good)

    def reversed_keys(*which):
        def turn(value):
            if isinstance(value, dict):
                return {key: turn(item) for key, item in reversed(value.items())}
            return [turn(item) for item in value] if isinstance(value, list) else value
        return reply(json.dumps(turn(json.loads(good(*which)[:-1]))).encode() + b'\0')
    every_function('keys in another order', daemon, reversed_keys, expected_good)

    def escaped(*which):
        text = good(*which)[:-1].decode()
        return reply(text.replace('names', r'n\u0061mes').replace('addresses', r'\u0061ddresses')
                     .replace('example', r'ex\u0061mple').encode() + b'\0')
    every_function('escapes in keys and names', daemon, escaped, expected_good)
    every_function('V-1 what follows the reply is dropped', daemon,
                   lambda *which: reply(good(*which) + message(error='x') + b'garbage'), expected_good)
    for function, family in FUNCTIONS:
        daemon.script = reply(good(function, family))
        wanted = {key: value for key, value in expected_good(function, family).items() if key != 'ttl'}
        check(f'TTL and canonical name may be NULL: {function}', ask(function, family, ttl_wanted=False), wanted)

    for text, name in ((r'"\u00e4\ud83d\ude00\/\"\\\b\f\n\r\t"', '\u00e4\U0001F600/"\\\b\f\n\r\t'),
                       ('"b\u00fccher.example"', 'b\u00fccher.example'), ('""', ''), ('"\u007f"', '\x7f')):
        daemon.script = reply(f'{{"parameters":{{"addresses":[{{"family":2,"address":[1,2,3,4]}}],"name":{text},"flags":1}}}}\0'.encode())
        check(f'name {text}', ask('gethostbyname4', 0).tuples, [(name.encode(), '1.2.3.4', 0)])

    scopes = [('fe80::1', 7), ('febf::1', 7), ('fec0::1', 0), ('fd00::1', 0), ('ff02::1', 0), ('::ffff:1.2.3.4', 0),
              ('169.254.1.1', 0)]
    daemon.script = reply(parameters(addresses=[address(text, ifindex=7) for text, _ in scopes], name='n', flags=0))
    check('R-NSS-4 scope ids', ask('gethostbyname4', 0).tuples, 
          [(b'n', str(ipaddress.ip_address(text)), scope) for text, scope in scopes])

    mixed = parameters(addresses=[address('2001:db8::1'), {'family': 99, 'address': [1]}, address('192.0.2.1'),
                                  {'family': 1, 'address': list(range(40))}], name='n', flags=0)
    daemon.script = reply(mixed)
    check('families: both', ask('gethostbyname4', 0).tuples, [(b'n', '2001:db8::1', 0), (b'n', '192.0.2.1', 0)])
    check('families: one', ask('gethostbyname3', AF_INET).addresses, ['192.0.2.1'])
    daemon.script = reply(parameters(addresses=[address('192.0.2.1')], name='n', flags=0))
    check('families: only the other', ask('gethostbyname3', AF_INET6), NO_HOST)
    daemon.script = reply(parameters(addresses=[{'family': 99, 'address': []}], name='n', flags=0))
    check('families: none of ours', ask('gethostbyname4', 0), NO_HOST)
    every_function('an empty list', daemon, lambda *_: reply(parameters(addresses=[], names=[], name='n', flags=0)),
                   lambda *_: NO_HOST)

    many = [str(ipaddress.ip_address(0x0A000000 + i)) for i in range(6000)]
    daemon.script = reply(parameters(addresses=[address(text, ifindex=2) for text in many], name='n', flags=0))
    check('6000 addresses', ask('gethostbyname3', AF_INET, size=200000).addresses, many)
    check('6000 tuples', [text for _, text, _ in ask('gethostbyname4', 0, size=400000).tuples], many)
    daemon.script = reply(parameters(names=[{'name': f'{i}.' + 'n' * 200} for i in range(3000)], flags=0))
    check('3000 names', len(ask('gethostbyaddr2', AF_INET, size=1000000).aliases), 2999)


def cuts(daemon):
    for function, family in (('gethostbyname3', AF_INET), ('gethostbyname4', 0), ('gethostbyaddr2', AF_INET6)):
        whole, wanted = good(function, family), expected_good(function, family)
        for at in range(len(whole)):
            daemon.script = reply(whole[:at], whole[at:], pause=0.0005)
            check(f'cut at {at}: {function}', ask(function, family), wanted)
            daemon.script = reply(whole[:at])
            check(f'ends at {at}: {function}', ask(function, family), expected(UNAVAIL, NO_RECOVERY, errno.ECONNRESET))
            if at > 0:
                daemon.script = reply(whole[:at] + b'\0')
                bad = dict(UNREACHABLE) if at < len(whole) - 1 else wanted
                check(f'NUL at {at}: {function}', ask(function, family), bad)
        daemon.script = reply(*(bytes([byte]) for byte in whole), pause=0.0001)
        check(f'byte by byte: {function}', ask(function, family), wanted)


def buffers(daemon):
    for function, family in FUNCTIONS:
        daemon.script = reply(good(function, family))
        for offset in (0, 1, 4, 7):
            enough = next((size for size in range(2000) if ask(function, family, size=size, offset=offset).status == SUCCESS))
            outcomes = [ask(function, family, size=size, offset=offset) for size in range(0, enough + 40)]
            check(f'ERANGE below {enough}: {function} +{offset}', outcomes[:enough], [TOO_SMALL] * enough)
            check(f'fits from {enough}: {function} +{offset}', outcomes[enough:], [expected_good(function, family)] * 40)
            check(f'asks for little: {function} +{offset}', enough < 320, True)


def hostile(daemon):
    body = good('gethostbyname4', 0)[:-1].decode()
    one = '{"parameters":{"addresses":[{"family":2,"address":[1,2,3,4]}],"name":"n","flags":0}}'

    def entry(text):
        return one.replace('{"family":2,"address":[1,2,3,4]}', text)
    bad = {
        'nothing': '', 'no object': '[]', 'null': 'null', 'a string': '"x"', 'a number': '1', 'no members': '{}',
        'two values': one + one, 'trailing comma': one.replace('"flags":0', '"flags":0,'), 'trailing text': one + 'x',
        'comment': '/**/' + one, 'byte order mark': '\ufeff' + one, 'single quotes': one.replace('"', "'"),
        'no parameters': '{"x":1}', 'parameters null': '{"parameters":null}', 'parameters array': '{"parameters":[]}',
        'parameters twice': one[:-1] + ',' + one[1:], 'error number': '{"error":5}', 'error empty': '{"error":""}',
        'error object': '{"error":{}}', 'error twice': '{"error":"x","error":"x"}', 'error false': '{"error":false}',
        'error cut': '{"error":"io.systemd', 'continues': one[:-1] + ',"continues":true}',
        'continues number': one[:-1] + ',"continues":0}', 'addresses missing': '{"parameters":{"name":"n","flags":0}}',
        'addresses null': '{"parameters":{"addresses":null,"name":"n"}}', 'addresses object': '{"parameters":{"addresses":{},"name":"n"}}',
        'addresses text': '{"parameters":{"addresses":"[]","name":"n"}}', 'name missing': one.replace('"name":"n",', ''),
        'name null': one.replace('"n"', 'null'), 'name number': one.replace('"n"', '1'), 'name twice': one.replace('"name":"n"', '"name":"n","name":"n"'),
        'name with NUL': one.replace('"n"', r'"a\u0000b"'), 'raw control': one.replace('"n"', '"a\nb"'),
        'bad escape': one.replace('"n"', r'"\x"'), 'cut escape': one.replace('"n"', r'"\u12"'), 'lone high': one.replace('"n"', r'"\ud800"'),
        'lone low': one.replace('"n"', r'"\udc00"'), 'high high': one.replace('"n"', r'"\ud800\ud800"'), 'high then text': one.replace('"n"', r'"\ud800abcdef"'),
        'escape outside a string': r'"\1', 'entry null': entry('null'), 'entry array': entry('[]'), 'entry number': entry('4'),
        'no family': entry('{"address":[1,2,3,4]}'), 'family 0': entry('{"family":0,"address":[1,2,3,4]}'),
        'family text': entry('{"family":"2","address":[1,2,3,4]}'), 'family float': entry('{"family":2.0,"address":[1,2,3,4]}'),
        'family exponent': entry('{"family":2e0,"address":[1,2,3,4]}'), 'family negative': entry('{"family":-2,"address":[1,2,3,4]}'),
        'family huge': entry('{"family":4294967298,"address":[1,2,3,4]}'), 'family endless': entry('{"family":' + '2' * 3000 + ',"address":[1,2,3,4]}'),
        'family twice': entry('{"family":2,"family":2,"address":[1,2,3,4]}'), 'no address': entry('{"family":2}'),
        'address null': entry('{"family":2,"address":null}'), 'address text': entry('{"family":2,"address":"1.2.3.4"}'),
        'address empty': entry('{"family":2,"address":[]}'), 'address short': entry('{"family":2,"address":[1,2,3]}'),
        'address long': entry('{"family":2,"address":[1,2,3,4,5]}'), 'address of v6 size': entry('{"family":2,"address":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}'),
        'address of v4 size': entry('{"family":10,"address":[1,2,3,4]}'), 'address endless': entry('{"family":10,"address":[' + '1,' * 5000 + '1]}'),
        'byte 256': entry('{"family":2,"address":[1,2,3,256]}'), 'byte -1': entry('{"family":2,"address":[1,2,3,-1]}'),
        'byte 1.0': entry('{"family":2,"address":[1,2,3,1.0]}'), 'byte 01': entry('{"family":2,"address":[1,2,3,01]}'),
        'byte array': entry('{"family":2,"address":[1,2,3,[4]]}'), 'byte null': entry('{"family":2,"address":[1,2,3,null]}'),
        'bytes without comma': entry('{"family":2,"address":[1,2,3[4]]}'), 'empty element': entry('{"family":2,"address":[1,,3,4]}'),
        'ifindex text': entry('{"ifindex":"2","family":2,"address":[1,2,3,4]}'), 'ifindex negative': entry('{"ifindex":-2,"family":2,"address":[1,2,3,4]}'),
        'ifindex huge': entry('{"ifindex":2147483648,"family":2,"address":[1,2,3,4]}'), 'good then bad': entry('{"family":2,"address":[1,2,3,4]},{}'),
        'nested 100': '{"parameters":' + '[' * 100 + ']' * 100 + '}', 'nested 1 000 000': '[' * 1000000, 'objects 500 000': '{"a":' * 500000,
        'deep unknown': one[:-1] + ',"x":' + '[' * 40 + ']' * 40 + '}', 'number -': one.replace(':0', ':-'), 'number 1.': one[:-1] + ',"x":1.}',
        'number .5': one[:-1] + ',"x":.5}', 'number 1e': one[:-1] + ',"x":1e}', 'number +1': one[:-1] + ',"x":+1}', 'number 0x1': one[:-1] + ',"x":0x1}',
        'NaN': one[:-1] + ',"x":NaN}', 'True': one[:-1] + ',"x":True}', 'truex': one[:-1] + ',"x":truex}', 'no colon': one.replace('"name":', '"name"'),
        'key not a string': one.replace('"name"', 'name'), 'wrong bracket': one[:-1] + ']',
    }
    raw = {'overlong': b'\xC0\xAF', 'overlong 3': b'\xE0\x80\xAF', 'overlong 4': b'\xF0\x80\x80\xAF', 'surrogate': b'\xED\xA0\x80',
           'beyond': b'\xF4\x90\x80\x80', 'lone continuation': b'\x80', 'cut sequence': b'\xE2\x82', 'FF': b'\xFF', 'F5': b'\xF5\x80\x80\x80'}
    cases = {name: text.encode('utf-8', 'surrogatepass') for name, text in bad.items()}
    cases |= {f'UTF-8 {name}': one.encode().replace(b'"n"', b'"a' + text + b'"') for name, text in raw.items()}
    cases |= {f'UTF-8 {name} elsewhere': one.encode()[:-1] + b',"x":"' + text + b'"}' for name, text in raw.items()}
    for name, text in cases.items():
        daemon.script = reply(text + b'\0')
        for function, family in (('gethostbyname3', AF_INET), ('gethostbyname4', 0)):
            check(f'hostile: {name}: {function}', ask(function, family), UNREACHABLE)
    check('the base of the hostile ones is good', [json.loads(body) is not None,
          (setattr(daemon, 'script', reply(one.encode() + b'\0')), ask('gethostbyname4', 0).status)[1]], [True, SUCCESS])

    names = {'names missing': '{}', 'names object': '{"names":{}}', 'entry null': '{"names":[null]}', 'name missing': '{"names":[{}]}',
             'name null': '{"names":[{"name":null}]}', 'name number': '{"names":[{"name":1}]}', 'second bad': '{"names":[{"name":"a"},{"name":[]}]}',
             'name with NUL': r'{"names":[{"name":"a\u0000"}]}', 'a string': '{"names":["a"]}'}
    for name, text in names.items():
        daemon.script = reply(f'{{"parameters":{text}}}\0'.encode())
        check(f'hostile names: {name}', ask('gethostbyaddr2', AF_INET6), UNREACHABLE)

    padded = one.encode()[:-1] + b' ' * (16 * 1024 * 1024 - len(one) - 64) + b'}\0'
    daemon.script = reply(padded)
    check('V-2 nearly 16 MiB', ask('gethostbyname4', 0).status, SUCCESS)
    daemon.script = flood
    check('V-2 more than 16 MiB', ask('gethostbyname4', 0), expected(UNAVAIL, NO_RECOVERY, errno.EMSGSIZE))


def dead_and_slow(daemon):
    def timed(name, function, family, wanted, least, most):
        started = time.monotonic()
        outcome = ask(function, family)
        took = (time.monotonic() - started) * 1000
        check(f'{name}: {function} {family}', outcome, wanted)
        check(f'{name}: {function} {family} within {least}..{most} ms, took {took:.1f}', least <= took <= most, True)
        return took

    late = expected(UNAVAIL, NO_RECOVERY, errno.ETIMEDOUT)
    least, most = SHORT_PATIENCE - 5, 80 * SHORT_PATIENCE  # far from the patience of a minute, and kind to a busy machine
    for function, family in FUNCTIONS:
        shim.resolve_test_set(place, SHORT_PATIENCE)
        for name, script in (('silent', until_hangup), ('dripping', drip)):
            daemon.script = script
            timed(name, function, family, late, least, most)
        shim.resolve_test_set(full_place, SHORT_PATIENCE)
        timed('queue full', function, family, late, least, most)
        shim.resolve_test_set(place, PATIENCE)
        daemon.script = lambda *_: None
        timed('hangs up', function, family, expected(UNAVAIL, NO_RECOVERY, errno.ECONNRESET), 0, most)
        for name, where, error in (('no socket', ctypes.c_char_p(b'/nonexistent/socket'), errno.ENOENT),
                                   ('nobody listens', dead_place, errno.ECONNREFUSED)):
            shim.resolve_test_set(where, PATIENCE)
            took = [timed(name, function, family, expected(UNAVAIL, NO_RECOVERY, error), 0, most) for _ in range(20)]
            check(f'{name}: {function} falls through within milliseconds, took {min(took):.1f}', min(took) < 5, True)
        shim.resolve_test_set(place, PATIENCE)


def requests(daemon):
    def asked(function, family, subject=None, **environment):
        daemon.requests.clear()
        daemon.script = reply(message(error='x'))
        prefix = 'SYSTEMD_NSS_RESOLVE_'
        for key, value in environment.items():
            os.environ[prefix + key] = value
        outcome = ask(function, family) if subject is None else call(function, subject, family)
        for key in environment:
            del os.environ[prefix + key]
        if not daemon.requests:
            return outcome
        assert daemon.requests[0].endswith(b'\0') and daemon.requests[0].count(b'\0') == 1  # V-1
        return json.loads(daemon.requests[0][:-1])

    by_name, by_addr = 'io.systemd.Resolve.ResolveHostname', 'io.systemd.Resolve.ResolveAddress'
    host = {'name': 'host.example', 'flags': 0}
    for function, family, method, wanted in (
            ('gethostbyname', AF_INET, by_name, host | {'family': 2}), ('gethostbyname2', AF_INET6, by_name, host | {'family': 10}),
            ('gethostbyname3', 0, by_name, host | {'family': 2}), ('gethostbyname3', AF_INET6, by_name, host | {'family': 10}),
            ('gethostbyname4', 0, by_name, host), ('gethostbyaddr', AF_INET, by_addr, {'address': list(V4), 'family': 2, 'flags': 0}),
            ('gethostbyaddr2', AF_INET6, by_addr, {'address': list(V6), 'family': 10, 'flags': 0})):
        check(f'R-NSS-2 {function} {family}', asked(function, family), {'method': method, 'parameters': wanted})

    bits = {'VALIDATE': 0x400, 'SYNTHESIZE': 0x800, 'CACHE': 0x1000, 'ZONE': 0x2000, 'TRUST_ANCHOR': 0x4000, 'NETWORK': 0x8000}
    for switch, bit in bits.items():
        for values, flags in ((('0', 'no', 'NO', 'n', 'false', 'False', 'f', 'off'), bit),
                              (('1', 'yes', 'y', 'true', 't', 'on', '', 'maybe', '00', ' no', 'no '), 0)):
            for value in values:
                for function, family in (('gethostbyname4', 0), ('gethostbyaddr2', AF_INET)):
                    check(f'R-NSS-5 {switch}={value}: {function}', asked(function, family, **{switch: value})['parameters']['flags'], flags)
    check('R-NSS-5 all at once', asked('gethostbyname3', AF_INET, **{key: 'no' for key in bits})['parameters']['flags'], 0xFC00)
    for value, index in (('lo', 1), ('1', 1), ('4711', 4711), ('', None), ('0', None), ('no-such-link', None), ('-1', None),
                         ('99999999999', None), ('18446744073709551617', None)):
        for function, family in (('gethostbyname4', 0), ('gethostbyaddr2', AF_INET)):
            check(f'R-NSS-5 INTERFACE={value}: {function}', asked(function, family, INTERFACE=value)['parameters'].get('ifindex'), index)

    for name in ('', '.', 'a"b\\c', 'tab\there', '\x01\x1f\x7f', 'b\u00fccher.\u4f8b\u3048', '\U0001F600.test', '%s%n', 'a' * 300, 'x' * 3800):
        check(f'a name is quoted: {name[:20]!r}', asked('gethostbyname4', 0, name.encode())['parameters']['name'], name)
    for name in (b'\xFF', b'caf\xE9.example', b'\xED\xA0\x80', b'a\xC3'):
        check(f'not UTF-8: {name!r}', asked('gethostbyname4', 0, name), expected(UNAVAIL, NO_RECOVERY, errno.EILSEQ))
    for name in (b'x' * 5000, b'\x01' * 700, b'x' * 1000000):
        for function, family in (('gethostbyname4', 0), ('gethostbyname3', AF_INET)):
            check(f'too long: {len(name)}', asked(function, family, name), NO_HOST)


def arguments(daemon):
    daemon.script = reply(good('gethostbyname3', AF_INET))
    for family in (1, 3, 99, -1):
        check(f'R-NSS-3 name3 family {family}', call('gethostbyname3', b'n', family), expected(UNAVAIL, NO_RECOVERY, errno.EAFNOSUPPORT))
        check(f'R-NSS-3 name2 family {family}', call('gethostbyname2', b'n', family), expected(UNAVAIL, NO_RECOVERY, errno.EAFNOSUPPORT))
        check(f'R-NSS-3 addr family {family}', call('gethostbyaddr', V4, family), expected(UNAVAIL, NO_DATA, errno.EAFNOSUPPORT))
        check(f'R-NSS-3 addr2 family {family}', call('gethostbyaddr2', V4, family), expected(UNAVAIL, NO_DATA, errno.EAFNOSUPPORT))
    check('R-NSS-3 addr2 family 0', call('gethostbyaddr2', V4, 0), expected(UNAVAIL, NO_DATA, errno.EAFNOSUPPORT))
    for subject, family in ((V4, AF_INET6), (V6, AF_INET), (b'', AF_INET), (V4[:3], AF_INET), (V6 + V4, AF_INET6)):
        check(f'address of {len(subject)} for {family}', call('gethostbyaddr2', subject, family), expected(UNAVAIL, NO_RECOVERY, errno.EINVAL))

    buffer, error, host_error = Buffer(1000), ctypes.c_int(), ctypes.c_int()
    own = Tuple()
    first = ctypes.pointer(own)
    daemon.script = reply(good('gethostbyname4', 0))
    status = shim._nss_resolve_gethostbyname4_r(b'n', ctypes.byref(first), ctypes.c_void_p(buffer.start), ctypes.c_size_t(1000),
                                                ctypes.byref(error), ctypes.byref(host_error), None)
    check('name4 fills the first tuple the caller brings', (status, ctypes.addressof(first.contents) == ctypes.addressof(own),
          own.family, bytes(own.address[:4]), len(tuple_result(own.next, buffer)['tuples'])), (SUCCESS, True, AF_INET, bytes([192, 0, 2, 1]), 3))


def descriptors(_):
    deadline = time.monotonic() + 20  # the scripted daemon closes its ends in its own time
    while len(os.listdir('/proc/self/fd')) != opened and time.monotonic() < deadline:
        time.sleep(0.02)
    check('no descriptor is left open', len(os.listdir('/proc/self/fd')), opened)


try:
    daemon = Daemon(path)
    dead, full = os.path.join(folder, 'dead'), os.path.join(folder, 'full')
    socket.socket(socket.AF_UNIX).bind(dead)
    full_listener = socket.socket(socket.AF_UNIX)
    full_listener.bind(full)
    full_listener.listen(0)
    occupant = socket.socket(socket.AF_UNIX)
    occupant.connect(full)
    dead_place, full_place = ctypes.c_char_p(dead.encode()), ctypes.c_char_p(full.encode())
    daemon.script = reply(good('gethostbyname4', 0))
    ask('gethostbyname4', 0)
    daemon.is_idle.wait(20)
    opened = len(os.listdir('/proc/self/fd'))
    for part in (answers, errors, requests, arguments, cuts, buffers, hostile, dead_and_slow, descriptors):
        part(daemon)
        time.sleep(0.02)
finally:
    shutil.rmtree(folder)
print(f'table: {count} cases, {len(failures)} failed')
sys.exit(1 if failures or count == 0 else 0)
