"""A certificate authority of our own, for servers on loopback that speak TLS."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_MAY_SIGN = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
LOOPBACK = ("localhost", "127.0.0.1")


class Authority:
    """Signs certificates, and writes them and itself into a directory."""

    def __init__(self, directory: Path, name: str = "heron") -> None:
        self._directory = directory
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issued = 0
        certificate = (
            _certificate(self._name, self._key, self._name, self._key, days=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_MAY_SIGN, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def client_context(self) -> ssl.SSLContext:
        """Trust this authority and nobody else, in the way of the service."""
        from adapters.pinned_http import new_tls_context  # the black box uses this file too

        return new_tls_context(str(self.file))

    def server_context(
        self, *names: str, days: int = 1, self_signed: bool = False, common_name: str = ""
    ) -> ssl.SSLContext:
        """Serve with a certificate for these names, over already if `days` is negative."""
        names = names or LOOPBACK
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(common_name or names[0])
        issuer, issuer_key = (subject, key) if self_signed else (self._name, self._key)
        certificate = (
            _certificate(subject, key, issuer, issuer_key, days)
            .add_extension(
                x509.SubjectAlternativeName([_general(n) for n in names]), critical=False
            )
            .sign(issuer_key, hashes.SHA256())
        )
        self._issued += 1
        file = self._directory / f"server-{self._issued}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.CertificateBuilder:
    """Python 3.13 verifies strictly, and demands the identifiers of both keys."""
    now = datetime.now(UTC)
    start, end = now - timedelta(days=2), now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
