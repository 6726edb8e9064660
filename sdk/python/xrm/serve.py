"""The process of a plugin: the handshake of go-plugin, the way back to the host, the
log, and an orderly end. sdk/ANY-LANGUAGE.md says what it has to do."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures
from typing import Any, Iterator

import grpc

from . import wire
from ._pb import goplugin_pb2
from .describe import Mistakes
from .host import send_log
from .plugin import Plugin
from .server import Server, current

COOKIE = ("XRM_PLUGIN", "b6b2a3f2-7c1f-4c55-9d0e-2f4d1a8e6c10")
PROTOCOL = 1
HOST_SERVICE = 1
THREADS = 1000  # they begin when they are needed; what calls cause is no less than what was called
DRAIN = 5.0     # seconds that a call has to end when somebody else than the host ends the process


class GoPlugin:
    """Is what go-plugin asks of every plugin."""

    def __init__(self, server: Server, credentials: grpc.ChannelCredentials, stop: threading.Event) -> None:
        self._server, self._credentials, self._stop = server, credentials, stop

    def StartStream(self, infos: Iterator[goplugin_pb2.ConnInfo], context: Any) -> Iterator[goplugin_pb2.ConnInfo]:
        """Hears where the host can be called."""
        options = wire.OPTIONS + [("grpc.ssl_target_name_override", "localhost")]
        for info in infos:
            if info.service_id == HOST_SERVICE and not self._server.stub.done():
                self._server.stub.set_result(wire.HostStub(grpc.secure_channel("unix:" + info.address, self._credentials, options)))
        yield from ()

    def Shutdown(self, request: goplugin_pb2.Empty, context: Any) -> goplugin_pb2.Empty:
        self._stop.set()
        return goplugin_pb2.Empty()


class HostLog(logging.Handler):
    """Sends what a plugin logs to the log of the host, with its level, and with extra
    as fields: logging.getLogger(__name__).warning("late", extra={"visit": id})."""

    usual = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == "grpc" or not self._server.stub.done():
            print(record.levelname, self.format(record), file=sys.stderr, flush=True)
            return
        details = {name: value for name, value in vars(record).items() if name not in self.usual}
        if record.exc_info:
            details["exception"] = logging.Formatter().formatException(record.exc_info)
        send_log(self._server.stub.result(), current.get(), record.levelno, record.getMessage(), details)


def certificate() -> bytes:
    """Returns a key and a certificate for localhost, both as PEM in one text."""
    return subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-", "-out", "-", "-days", "3650",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "keyUsage=digitalSignature,keyCertSign",
         "-addext", "extendedKeyUsage=serverAuth,clientAuth"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def serve(plugin: Plugin) -> None:
    stop = threading.Event()
    try:
        server = Server(plugin, stop.set)
    except Mistakes as mistakes:
        sys.exit(str(mistakes))
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        print(f"{plugin.name} {plugin.version} is a plugin of xrm and does nothing on its own.\n"
              "Build it into the plugin directory of a server: xrm plugin build --to bin/plugins", file=sys.stderr)
        sys.exit(2)
    out = os.fdopen(os.dup(1), "w")  # for the handshake alone:
    os.dup2(2, 1)                    # whatever prints from now on prints to the log
    logging.basicConfig(level=logging.INFO, handlers=[HostLog(server)])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal it goes to all; the host ends its plugins itself
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=_drain, args=(server, stop), daemon=True).start())
    threading.Thread(target=_ends_with_parent, args=(os.getppid(), stop), daemon=True).start()

    own = certificate()
    host = os.environ["PLUGIN_CLIENT_CERT"].encode()
    listener = grpc.server(futures.ThreadPoolExecutor(THREADS), options=wire.OPTIONS)
    listener.add_generic_rpc_handlers(wire.all_handlers(server, GoPlugin(server, grpc.ssl_channel_credentials(host, own, own), stop)))
    socket = tempfile.mktemp(prefix="plugin", dir=os.environ["PLUGIN_UNIX_SOCKET_DIR"])  # the folder is the host's, and nobody else's
    listener.add_secure_port("unix:" + socket, grpc.ssl_server_credentials([(own, own)], host, True))
    listener.start()
    body = "".join(own.decode().rpartition("BEGIN CERTIFICATE-----")[2].split()[:-2]).rstrip("=")  # of the PEM, in one line
    print(1, PROTOCOL, "unix", socket, "grpc", body, sep="|", file=out, flush=True)
    while not stop.wait(1):  # whoever waits without an end misses a signal that another thread has got
        pass
    listener.stop(0.5).wait()
    sys.stderr.flush()
    os._exit(0)  # also when a handler does not end


def _drain(server: Server, stop: threading.Event) -> None:
    server.wait_idle(DRAIN)
    stop.set()


def _ends_with_parent(parent: int, stop: threading.Event) -> None:
    """Covers the time before the host has opened Watch, and a host that was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    stop.set()
