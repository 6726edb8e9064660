"""gRPC for the services of the contract, made of their descriptors."""

from typing import Any, Dict, Optional

import grpc

from ._pb import goplugin_pb2, plugin_pb2

MAX_MESSAGE = 16 << 20
MAX_PART = 64 << 10
OPTIONS = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]


def _methods(module: Any, service: str) -> "list[tuple[str, str, Any, Any]]":
    found = []
    for method in module.DESCRIPTOR.services_by_name[service].methods:
        kind = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
        found.append((method.name, kind, getattr(module, method.input_type.name), getattr(module, method.output_type.name)))
    return found


def _full(module: Any, service: str) -> str:
    return module.DESCRIPTOR.services_by_name[service].full_name


class HostStub:
    """Calls the host: stub.Get(request, timeout=...)."""

    def __init__(self, channel: grpc.Channel) -> None:
        for name, kind, request, response in _methods(plugin_pb2, "Host"):
            setattr(self, name, getattr(channel, kind)(
                f"/{_full(plugin_pb2, 'Host')}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString))


def handlers(module: Any, service: str, servicer: Any) -> grpc.GenericRpcHandler:
    """Serves the methods of a service that servicer has."""
    served: Dict[str, Any] = {}
    for name, kind, request, response in _methods(module, service):
        answer: Optional[Any] = getattr(servicer, name, None)
        if answer is not None:
            served[name] = getattr(grpc, f"{kind}_rpc_method_handler")(
                answer, request_deserializer=request.FromString, response_serializer=response.SerializeToString)
    return grpc.method_handlers_generic_handler(_full(module, service), served)


def health() -> grpc.GenericRpcHandler:
    """Says SERVING, as go-plugin asks: the only field of the message is the state 1."""
    serving = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
    return grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": serving})


def all_handlers(servicer: Any, go_plugin: Any) -> "tuple[grpc.GenericRpcHandler, ...]":
    return (handlers(plugin_pb2, "Plugin", servicer), handlers(goplugin_pb2, "GRPCBroker", go_plugin),
            handlers(goplugin_pb2, "GRPCController", go_plugin), health())
