"""The port that a server wants: whether it can be had, said before anything is started."""

import socket


class PortTaken(Exception):
    """Somebody listens there already, or the address is not this machine's; the message is one sentence."""


def check_port(host: str, port: int) -> None:
    """Raise PortTaken unless this process could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as failure:
            raise PortTaken(
                f"cannot listen on {host}:{port}: {failure.strerror}; stop what listens there or set LAUREL_PORT."
            ) from None
