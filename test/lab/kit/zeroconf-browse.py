"""Follows services of a type by python3-zeroconf, one line for each that comes (with its host, port and TXT) or goes. Words: address, type."""
import sys
import time

from zeroconf import IPVersion, ServiceBrowser, ServiceListener, Zeroconf

address, kind = sys.argv[1:]


class Lines(ServiceListener):
    def add_service(self, zeroconf, type_, name):
        info = zeroconf.get_service_info(type_, name)
        told = 'nothing' if info is None else f'{info.server} {info.port} {info.properties} {info.parsed_addresses(IPVersion.V4Only)}'
        print(f'+ {name} {told}', flush=True)

    def update_service(self, zeroconf, type_, name):
        pass

    def remove_service(self, zeroconf, type_, name):
        print(f'- {name}', flush=True)


zeroconf = Zeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
browser = ServiceBrowser(zeroconf, f'{kind}.local.', Lines())
print('browsing', flush=True)
while True:
    time.sleep(60)
