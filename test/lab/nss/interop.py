"""
Several NSS modules side by side on one daemon, and on a scripted one.

    python3 test/lab/nss/interop.py ours=nss/build/libnss_resolve.so.2 real=DIR/libnss_resolve.so.2 -- DAEMON [ARGUMENT...]

The command after `--` is a resolver that serves /run/systemd/resolve/io.systemd.Resolve: the real one or ours. Needs
root and dnsmasq. Everything happens in private network, mount and host name namespaces; the machine's own resolv.conf,
nsswitch.conf and /run/systemd are never touched. Real modules older than 254 are expected to differ where R-NSS-3 says.
"""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / 'nss' / 'test'))
import shim  # noqa: E402

SOCKET = '/run/systemd/resolve/io.systemd.Resolve'
HOSTNAME = 'labhost'
SERVER, OWN, GATEWAY, TWO_NAMES = '192.0.2.53', '192.0.2.10', '192.0.2.254', '192.0.2.9'
RECORDS = ['--host-record=www.corp.test,192.0.2.80,2001:db8::80', '--host-record=v4.corp.test,192.0.2.4',
           '--host-record=ll.corp.test,fe80::1234', '--cname=alias.corp.test,www.corp.test',
           '--cname=chain.corp.test,alias.corp.test', '--host-record=many.corp.test,192.0.2.101', '--local=/test/',
           *(f'--host-record=many.corp.test,10.1.0.{i}' for i in range(60)),
           '--ptr-record=80.2.0.192.in-addr.arpa,www.corp.test', '--txt-record=nodata.corp.test,x',
           '--ptr-record=9.2.0.192.in-addr.arpa,first.corp.test', '--ptr-record=9.2.0.192.in-addr.arpa,second.corp.test',
           '--ptr-record=4.3.2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa,ll.corp.test']
FAR_END = f'''
echo apart
exec >/dev/null
ip link set lo up
until ip link show far0 >/dev/null 2>&1; do sleep 0.05; done
ip addr add {SERVER}/24 dev far0
ip link set far0 up
exec dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= --listen-address={SERVER} \\
  --bind-interfaces --local-ttl=60 "$@" 2>/dev/null
'''
NAMES = ['www.corp.test', 'www', 'WWW.Corp.Test', 'www.corp.test.', 'v4.corp.test', 'll.corp.test', 'alias.corp.test',
         'chain.corp.test', 'many.corp.test', 'nodata.corp.test', 'missing.corp.test', 'missing', 'localhost', 'a.localhost',
         HOSTNAME, '_gateway', 'files.example', 'alias-in-hosts', '192.0.2.1', '::1', 'b\u00fccher.corp.test', 'x' * 300, 'a..b',
         'no-such.invalid', '%s%n.test', 'quote".test']
ADDRESSES = ['192.0.2.80', TWO_NAMES, '192.0.2.4', OWN, GATEWAY, '127.0.0.1', '127.5.5.5', '::1', 'fe80::1234', '192.0.2.99',
             '2001:db8::99', '192.0.2.77', '0.0.0.0']
PYTHON_SCRIPT = '''
import json, socket, sys
def attempt(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except (OSError, UnicodeError) as error:
        return [type(error).__name__, getattr(error, 'errno', None)]
out = {}
for name in json.loads(sys.argv[1]):
    for family in (0, socket.AF_INET, socket.AF_INET6):
        out[f'getaddrinfo {name} {int(family)}'] = attempt(socket.getaddrinfo, name, 0, family, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
    out[f'gethostbyname_ex {name}'] = attempt(socket.gethostbyname_ex, name)
for address in json.loads(sys.argv[2]):
    out[f'gethostbyaddr {address}'] = attempt(socket.gethostbyaddr, address)
    out[f'getnameinfo {address}'] = attempt(socket.getnameinfo, (address, 0), socket.NI_NAMEREQD)
def plain(value):
    return sorted((plain(item) for item in value), key=repr) if isinstance(value, (list, tuple)) else value
print(json.dumps({key: plain(value) for key, value in out.items()}))
'''

failures, count = [], 0


def check(name, holds, detail=''):
    global count
    count += 1
    if not holds:
        failures.append(name)
        print(f'FAILED {name} {detail}'[:2000])


def run(*command):
    subprocess.run(command, check=True)


def bind_over(text, target, folder):
    source = pathlib.Path(folder, target.replace('/', '_'))
    source.write_text(text)
    run('mount', '--bind', str(source), target)


def build_world(folder, far_end):
    """A link with a server behind it, described by the file networkd would write (R-NETD-1, R-NETD-4)."""
    run('mount', '--make-rprivate', '/')
    for target in ('/run/systemd', '/run/dbus'):
        pathlib.Path(target).mkdir(parents=True, exist_ok=True)
        run('mount', '-t', 'tmpfs', 'tmpfs', target)
    users = pathlib.Path('/etc/passwd').read_text()
    if 'systemd-resolve:' not in users:
        bind_over(users + 'systemd-resolve:x:987:987::/:/usr/sbin/nologin\n', '/etc/passwd', folder)
        bind_over(pathlib.Path('/etc/group').read_text() + 'systemd-resolve:x:987:\n', '/etc/group', folder)
    bind_over('hosts: resolve [!UNAVAIL=return] dns\npasswd: files\ngroup: files\n', '/etc/nsswitch.conf', folder)
    bind_over(f'nameserver {SERVER}\n', '/etc/resolv.conf', folder)
    bind_over('127.0.0.1 localhost\n192.0.2.77 files.example alias-in-hosts\n', '/etc/hosts', folder)
    pathlib.Path('/etc/systemd').mkdir(exist_ok=True)
    run('mount', '-t', 'tmpfs', 'tmpfs', '/etc/systemd')
    pathlib.Path('/etc/systemd/resolved.conf').write_text('[Resolve]\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nFallbackDNS=\n')
    socket.sethostname(HOSTNAME)
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'far0')
    run('ip', 'link', 'set', 'far0', 'netns', str(far_end.pid))
    run('ip', 'link', 'set', 'up0', 'up')
    run('ip', 'addr', 'add', f'{OWN}/24', 'dev', 'up0')
    run('ip', 'route', 'add', 'default', 'via', GATEWAY, 'dev', 'up0')
    wait_for_link_local('up0')
    netif = pathlib.Path('/run/systemd/netif/links')
    netif.mkdir(parents=True)
    state = f'ADMIN_STATE=configured\nOPER_STATE=routable\nDNS={SERVER}\nDOMAINS=corp.test\nLLMNR=no\nMDNS=no\n'
    (netif / str(socket.if_nametoindex('up0'))).write_text(state)
    pathlib.Path('/run/systemd/resolve').mkdir()
    account = pwd.getpwnam('systemd-resolve')
    os.chown('/run/systemd/resolve', account.pw_uid, account.pw_gid)


def wait_for_link_local(link):
    """The kernel gives a link an address of its own a second after it comes up; then what the host has stays the same."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shown = subprocess.run(['ip', '-6', 'addr', 'show', 'dev', link], capture_output=True, text=True, check=True).stdout
        if 'fe80:' in shown and 'tentative' not in shown:
            return
        time.sleep(0.1)
    raise SystemExit(f'{link} never had a link-local address')


@contextlib.contextmanager
def process(*command, **options):
    child = subprocess.Popen(command, **options)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGCONT)
            child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def through(folder, *command, timeout=120):
    """Runs a program with this NSS module in place."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, 'LD_LIBRARY_PATH': str(folder), 'LC_ALL': 'C.UTF-8'})
    return done.returncode, done.stdout, done.stderr


def wait_until_ready(module):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        outcome = shim.call(module, 'gethostbyname3', b'v4.corp.test', shim.AF_INET)
        if outcome.status == shim.SUCCESS:
            return
        time.sleep(0.2)
    raise SystemExit(f'the daemon never answered: {outcome}')


def unordered(outcome):
    """Addresses and the names of an address come in an order that the daemon rotates (R-CACHE-15)."""
    plain = {key: sorted(value, key=repr) if isinstance(value, list) else value for key, value in outcome.items()}
    if plain.get('aliases'):
        plain['name'], *plain['aliases'] = sorted([plain['name'], *plain['aliases']])
    return plain


# --- on a living daemon ---------------------------------------------------------------------------------------------

def may_differ(ours, other):
    """252 knew no NO_DATA, and takes every failure of a server for a name that does not exist (R-NSS-3)."""
    no_host = {'status': shim.NOTFOUND, 'host_error': shim.HOST_NOT_FOUND}
    is_known = ours['host_error'] == shim.NO_DATA or ours['status'] == shim.TRYAGAIN
    return is_known and {**ours, **no_host} == other


def compare_functions(modules):
    questions = [(function, family, name.encode()) for name in NAMES for function, family in shim.FUNCTIONS
                 if not shim.by_address(function)]
    for text in ADDRESSES:
        packed = socket.inet_pton(socket.AF_INET6 if ':' in text else socket.AF_INET, text)
        family = socket.AF_INET6 if ':' in text else socket.AF_INET
        questions += [(function, family, packed) for function in ('gethostbyaddr', 'gethostbyaddr2')]
    for function, family, subject in questions:
        outcomes = {name: unordered(shim.call(module, function, subject, family, size=65536)) for name, module in modules.items()}
        ours = outcomes['ours']
        for name, outcome in outcomes.items():
            # What errno says beside a status is nobody's contract, except for ERANGE.
            same = {**outcome, 'error': 0} == {**ours, 'error': 0} or may_differ({**ours, 'error': 0}, {**outcome, 'error': 0})
            check(f'{function} {family} {subject}: {name}', same, f'\n   ours {ours}\n   {name} {outcome}')


def compare_programs(folders):
    commands = [('getent', database, name) for name in NAMES for database in ('hosts', 'ahosts', 'ahostsv4', 'ahostsv6')]
    commands += [('getent', 'hosts', address) for address in ADDRESSES]
    for command in commands:
        results = {name: through(folder, *command) for name, folder in folders.items()}
        lines = {name: (code, sorted(sorted(line.split()) for line in out.splitlines()), err) for name, (code, out, err) in results.items()}
        check(' '.join(command)[:80], all(line == lines['ours'] for line in lines.values()), lines)
    results = {name: through(folder, sys.executable, '-c', PYTHON_SCRIPT, json.dumps(NAMES), json.dumps([address for address in ADDRESSES if address != TWO_NAMES]))
               for name, folder in folders.items()}
    parsed = {name: json.loads(out) for name, (_, out, err) in results.items()}
    for key in parsed['ours']:
        values = {name: value[key] for name, value in parsed.items()}
        # EAI_NODATA -5 follows NO_DATA, EAI_NONAME -2 HOST_NOT_FOUND (R-NSS-3); gethostbyname the same by 4 and 1.
        alike = {json.dumps(value).replace('-5', '-2').replace('["herror", 4]', '["herror", 1]').replace('[4, "herror"]', '[1, "herror"]')
                 for value in values.values()}
        is_outage = values['ours'] == ['gaierror', socket.EAI_AGAIN] and values['real'] == ['gaierror', socket.EAI_NONAME]
        check(f'python {key}'[:100], len(alike) == 1 or is_outage, values)


def expect(folders):
    """What must come out, not only that all agree."""
    link = f'fe80::1234%{socket.if_nametoindex("up0")}'  # getent writes the number
    wanted = {('getent', 'hosts', 'www'): 'www.corp.test', ('getent', 'ahosts', 'll.corp.test'): link,
              ('getent', 'ahostsv4', 'chain.corp.test'): '192.0.2.80', ('getent', 'hosts', 'files.example'): '192.0.2.77',
              ('getent', 'ahosts', '_gateway'): GATEWAY, ('getent', 'ahostsv4', HOSTNAME): OWN,
              ('getent', 'hosts', 'a.localhost'): '::1', ('getent', 'hosts', '192.0.2.80'): 'www.corp.test'}
    for name, folder in folders.items():
        for command, text in wanted.items():
            code, out, _ = through(folder, *command)
            check(f'{name}: {" ".join(command)} tells {text}', code == 0 and text in out, out)
        code, out, _ = through(folder, 'getent', 'ahosts', 'missing.corp.test')
        check(f'{name}: a negative answer is final', code == 2 and out == '', out)
    # The server refuses what is neither its own nor forwarded: no program may take that for a name that does not exist.
    _, out, _ = through(folders['ours'], sys.executable, '-c', PYTHON_SCRIPT, '["www.example.org"]', '[]')
    again = ['gaierror', socket.EAI_AGAIN]
    check('ours: a failure of the server is no "no such name"', again in json.loads(out).values(), out)


def lose(daemon, folders):
    """A stopped daemon is waited for; one that dies in mid-request, or is gone, is not."""
    command = ('getent', 'ahostsv4', 'www.corp.test')
    waiting = {}
    daemon.send_signal(signal.SIGSTOP)
    threads = [threading.Thread(target=lambda name=name, folder=folder: waiting.update({name: through(folder, *command)}))
               for name, folder in folders.items()]
    for thread in threads:
        thread.start()
    time.sleep(1)
    check('lookups wait for a stopped daemon', waiting == {}, waiting)
    daemon.kill()
    daemon.wait()
    for thread in threads:
        thread.join(100)
    for name in folders:
        check(f'{name}: killed in mid-request, dns answers', '192.0.2.80' in waiting.get(name, (0, 'hangs', ''))[1], waiting)
        took = []
        for _ in range(3):  # the quickest counts: a busy machine is no fault of the module
            started = time.monotonic()
            code, out, _ = through(folders[name], *command)
            took.append(time.monotonic() - started)
            check(f'{name}: daemon gone, dns answers', '192.0.2.80' in out, out)
        check(f'{name}: daemon gone, dns answers at once', min(took) < 2, took)


# --- on a scripted daemon -------------------------------------------------------------------------------------------

SCRIPTED = {  # R-NSS-3; where the real module answers otherwise is told, and no failure
    'io.systemd.Resolve.NoNameServers': (shim.TRYAGAIN, shim.TRY_AGAIN),
    'io.systemd.Resolve.QueryTimedOut': (shim.TRYAGAIN, shim.TRY_AGAIN),
    'io.systemd.Resolve.MaxAttemptsReached': (shim.TRYAGAIN, shim.TRY_AGAIN),
    'io.systemd.Resolve.NetworkDown': (shim.TRYAGAIN, shim.TRY_AGAIN),
    'io.systemd.Resolve.NoSuchResourceRecord': (shim.NOTFOUND, shim.NO_DATA),
    **{error: (shim.TRYAGAIN, shim.TRY_AGAIN) for error in (
        'io.systemd.Resolve.DNSError', 'io.systemd.Resolve.DNSSECValidationFailed', 'io.systemd.Resolve.StubLoop',
        'io.systemd.Resolve.InvalidReply', 'io.systemd.System')},
    **{error: (shim.NOTFOUND, shim.HOST_NOT_FOUND) for error in (
        'io.systemd.Resolve.QueryRefused', 'io.systemd.Resolve.CNAMELoop', 'org.varlink.service.InvalidParameter', 'org.varlink.service.PermissionDenied')},
    **{error: (shim.UNAVAIL, shim.NO_RECOVERY) for error in (
        'io.systemd.Disconnected', 'io.systemd.TimedOut', 'io.systemd.Protocol', 'org.varlink.service.InterfaceNotFound',
        'org.varlink.service.MethodNotFound', 'org.varlink.service.MethodNotImplemented')},
}


def scripted(modules):
    pathlib.Path(SOCKET).unlink(missing_ok=True)
    listener, reply = socket.socket(socket.AF_UNIX), {}
    listener.bind(SOCKET)
    listener.listen(16)

    def serve():
        while True:
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                while not peer.recv(65536).endswith(b'\0'):
                    pass
                peer.sendall(reply['bytes'])
                peer.recv(1)
    threading.Thread(target=serve, daemon=True).start()
    differences = set()

    def compare(label, wanted):
        for function, family in shim.FUNCTIONS:
            for name, module in modules.items():
                outcome = shim.ask(module, function, family)
                got, expected = (outcome.status, outcome.host_error), wanted(function)
                if name == 'ours':
                    check(f'scripted {label}: {function} {family}', got == expected, f'{got}, not {expected}')
                elif got != expected:
                    differences.add(f'{name} differs on {label}: {got}, documented {expected}')
    for error, wanted in SCRIPTED.items():
        reply['bytes'] = json.dumps({'error': error, 'parameters': {}}).encode() + b'\0'
        compare(error, lambda function: (shim.NOTFOUND, shim.HOST_NOT_FOUND)
                if shim.by_address(function) and wanted[1] == shim.NO_DATA else wanted)
    for label, text in (('a reply that is not JSON', b'{"parameters":\0'), ('an empty object', b'{}\0')):
        reply['bytes'] = text
        compare(label, lambda _: (shim.UNAVAIL, shim.NO_RECOVERY))
    print('\n'.join(sorted(differences)))


def main():
    split = sys.argv.index('--')
    libraries, command = dict(argument.split('=', 1) for argument in sys.argv[1:split]), sys.argv[split + 1:]
    if os.environ.get('NSS_INTEROP_INSIDE') is None:
        os.execvpe('unshare', ['unshare', '--net', '--mount', '--uts', '--fork', sys.executable, *sys.argv],
                   {**os.environ, 'NSS_INTEROP_INSIDE': '1'})
    folder = tempfile.mkdtemp()
    with contextlib.ExitStack() as life:
        life.callback(shutil.rmtree, folder)
        folders = {}
        for name, library in libraries.items():
            folders[name] = pathlib.Path(folder, name)
            folders[name].mkdir()
            shutil.copy(library, folders[name] / 'libnss_resolve.so.2')
        os.chmod(folder, 0o755)
        modules = {name: shim.load(where / 'libnss_resolve.so.2') for name, where in folders.items()}
        with process('unshare', '--net', 'sh', '-c', FAR_END, 'far-end', *RECORDS, stdout=subprocess.PIPE) as far_end:
            far_end.stdout.readline()  # it is in a network of its own by now
            build_world(folder, far_end)
            daemon = life.enter_context(process(*command))
            wait_until_ready(modules['ours'])
            compare_functions(modules)
            expect(folders)
            compare_programs(folders)
            lose(daemon, folders)
        scripted(modules)
    print(f'interop: {count} cases, {len(failures)} failed')
    return 1 if failures or count == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
