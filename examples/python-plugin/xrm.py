"""What every plugin of xrm in Python needs: the handshake, the way back to the
host, and an orderly end. Nothing in here is about what the plugin does."""
import functools
import os
import subprocess
import sys
import tempfile
import threading
from concurrent import futures

import grpc

import goplugin_pb2
import goplugin_pb2_grpc
import plugin_pb2 as pb
import plugin_pb2_grpc

COOKIE = "b6b2a3f2-7c1f-4c55-9d0e-2f4d1a8e6c10"
MESSAGES = [("grpc.max_receive_message_length", 16 << 20)]


def mistake(cause):
    """Is the answer to what the plugin cannot make sense of; the cause is for the log."""
    return pb.Error(code="INTERNAL", cause=cause)


def call(handler):
    """Counts the calls that run, for Drain."""
    @functools.wraps(handler)
    def counted(self, request, context):
        with self.idle:
            self.running += 1
        try:
            return handler(self, request, context)
        finally:
            with self.idle:
                self.running -= 1
                self.idle.notify_all()
    return counted


class Plugin(plugin_pb2_grpc.PluginServicer, goplugin_pb2_grpc.GRPCBrokerServicer, goplugin_pb2_grpc.GRPCControllerServicer):
    def __init__(self, credentials):
        self.credentials, self.host, self.stop = credentials, futures.Future(), threading.Event()
        self.running, self.idle = 0, threading.Condition()

    def ask(self, context, method, request):
        """Calls the host, no longer than the call itself lasts."""
        asked = getattr(self.host.result(5), method).future(request, timeout=context.time_remaining())
        if not context.add_callback(asked.cancel):
            asked.cancel()  # the call has ended already
        return asked.result()

    def Watch(self, request, context):
        """When the host ends it, or has gone, the process ends too."""
        if not context.add_callback(self.stop.set):
            self.stop.set()
        yield pb.Health(state=pb.Health.SERVING)
        self.stop.wait()

    def Drain(self, request, context):
        with self.idle:
            self.idle.wait_for(lambda: self.running == 0)
        return pb.DrainResponse()

    def StartStream(self, infos, context):
        """Hears where the host can be called."""
        options = MESSAGES + [("grpc.ssl_target_name_override", "localhost")]
        for info in infos:
            if info.service_id == 1:
                self.host.set_result(plugin_pb2_grpc.HostStub(grpc.secure_channel("unix:" + info.address, self.credentials, options)))
        yield from ()

    def Shutdown(self, request, context):
        self.stop.set()
        return goplugin_pb2.Empty()


def certificate():
    """Returns a key and a certificate for localhost, both as PEM in one text."""
    return subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-", "-out", "-",
                           "-days", "3650", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "keyUsage=digitalSignature,keyCertSign",
                           "-addext", "extendedKeyUsage=serverAuth,clientAuth"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def serve(kind):
    """Is the main function of a plugin. kind is its class."""
    if os.environ.get("XRM_PLUGIN") != COOKIE:
        sys.exit(f"{kind.name} {kind.version} is a plugin of xrm and does nothing on its own; README.md says how it is used.")
    out = os.fdopen(os.dup(1), "w")  # for the handshake alone:
    os.dup2(2, 1)                    # whatever prints from now on prints to the log
    own = certificate()
    host = os.environ["PLUGIN_CLIENT_CERT"].encode()
    plugin = kind(grpc.ssl_channel_credentials(host, own, own))
    server = grpc.server(futures.ThreadPoolExecutor(40), options=MESSAGES)
    plugin_pb2_grpc.add_PluginServicer_to_server(plugin, server)
    goplugin_pb2_grpc.add_GRPCBrokerServicer_to_server(plugin, server)
    goplugin_pb2_grpc.add_GRPCControllerServicer_to_server(plugin, server)
    serving = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")  # the message with status SERVING
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": serving})])
    socket = tempfile.mktemp(prefix="plugin", dir=os.environ["PLUGIN_UNIX_SOCKET_DIR"])
    server.add_secure_port("unix:" + socket, grpc.ssl_server_credentials([(own, own)], host, True))
    server.start()
    body = "".join(own.decode().rpartition("BEGIN CERTIFICATE-----")[2].split()[:-2]).rstrip("=")  # of the PEM, in one line
    print("1|1|unix", socket, "grpc", body, sep="|", file=out, flush=True)
    plugin.stop.wait()
    server.stop(0.5).wait()
    os._exit(0)  # also when a handler does not end
