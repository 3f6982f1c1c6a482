"""Publishes services by python3-zeroconf until it is ended. Words: address, host name, type, and names of instances."""
import signal
import socket
import sys

from zeroconf import IPVersion, ServiceInfo, Zeroconf

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # before there are threads that would end by it
address, host, kind, *names = sys.argv[1:]
zeroconf = Zeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
for name in names:
    zeroconf.register_service(
        ServiceInfo(f'{kind}.local.', f'{name}.{kind}.local.', addresses=[socket.inet_aton(address)], port=8080, server=f'{host}.local.')
    )
print('published', flush=True)
signal.sigwait([signal.SIGTERM])
zeroconf.unregister_all_services()
zeroconf.close()
