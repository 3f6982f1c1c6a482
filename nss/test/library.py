"""The library as shipped: what it exports, what it needs, how it is hardened."""
import re
import subprocess
import sys

library = sys.argv[1]


def readelf(*options):
    return subprocess.run(['readelf', '-W', *options, library], check=True, capture_output=True, text=True).stdout


symbols = readelf('--dyn-syms')
defined = {line.split()[7].split('@')[0] for line in symbols.splitlines()
           if re.search(r'\b(GLOBAL|WEAK)\b', line) and ' UND ' not in line}
undefined = {line.split()[7].split('@')[0] for line in symbols.splitlines() if ' UND ' in line and len(line.split()) > 7}
dynamic, segments = readelf('-d'), readelf('-l')
text = open(library, 'rb').read()

checks = {
    'R-NSS-1: exports the six functions and nothing else': defined == {
        f'_nss_resolve_{name}_r' for name in
        ('gethostbyname', 'gethostbyname2', 'gethostbyname3', 'gethostbyname4', 'gethostbyaddr', 'gethostbyaddr2')},
    'needs libc only': re.findall(r'NEEDED.*\[(.*)\]', dynamic) == ['libc.so.6'],
    'is named as glibc looks for it': 'soname: [libnss_resolve.so.2]' in dynamic,
    'binds at load time': 'BIND_NOW' in dynamic,
    'has no search path of its own': 'RPATH' not in dynamic and 'RUNPATH' not in dynamic,
    'relocations become read-only': 'GNU_RELRO' in segments,
    'stack is not executable': re.search(r'GNU_STACK.* RW ', segments) is not None,
    'stack is protected': '__stack_chk_fail' in undefined,
    'no text relocations': 'TEXTREL' not in dynamic,
    'asks the environment only by secure_getenv': 'getenv' not in undefined and 'secure_getenv' in undefined,
    'the socket is fixed': b'/run/systemd/resolve/io.systemd.Resolve\0' in text and b'resolve_test' not in text,
    'keeps no writable data': all(
        int(size, 16) <= 8 for size in re.findall(r' \.(?:data|bss) +\S+ +\S+ +\S+ +(\S+)', readelf('-S'))),  # the compiler's own
}
for name, holds in checks.items():
    if not holds:
        print('FAILED', name)
print(f'library: {len(checks)} cases, {sum(not holds for holds in checks.values())} failed')
sys.exit(not all(checks.values()))
