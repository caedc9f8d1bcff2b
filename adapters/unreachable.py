"""Why a host could not be asked, in words for the operator that hold no URL."""

import socket
import ssl


def why_unreachable(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "The host's name cannot be resolved."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The host's certificate is not trusted ({error.verify_message}): see who answers "
            "there, such as a proxy that opens TLS, and whether this machine's clock is right."
        )
    if isinstance(error, ssl.SSLError):
        return "The host does not speak TLS as it should."
    if isinstance(error, TimeoutError):
        return "The host does not answer in time."
    if isinstance(error, ConnectionError):
        return "The host takes no connection on that port, or drops it."
    return f"The host cannot be asked ({type(error).__name__})."
