"""The API key for Landfall: given, or kept in Secrets Manager."""

from threading import Lock
from typing import Protocol

from botocore.config import Config

from forwarder.aws import make_client
from forwarder.aws_failures import AWS_ERRORS, word_for
from forwarder.failures import NotForwarded


class ApiKey(Protocol):
    def current(self) -> str:
        """Return the key to send.

        Raises:
            NotForwarded: It could not be read.
        """

    def after(self, refused: str) -> str | None:
        """Return the key that has replaced a refused one; None if there is no other.

        Raises:
            NotForwarded: It could not be read.
        """


class GivenKey:
    """A key that stays as it is until the next deployment."""

    def __init__(self, key: str) -> None:
        self._key = key

    def current(self) -> str:
        return self._key

    def after(self, refused: str) -> str | None:
        return self._key if self._key != refused else None


class SecretKey:
    """A key in Secrets Manager: read once, and again when it is refused, so that it can rotate."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._reading = Lock()
        self._key: str | None = None

    def current(self) -> str:
        with self._reading:
            if self._key is None:
                self._key = self._read()
            return self._key

    def after(self, refused: str) -> str | None:
        with self._reading:
            if self._key == refused:  # else another thread has read it again already
                self._key = self._read()
            return self._key if self._key != refused else None

    def _read(self) -> str:
        # An ARN names its region: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
        parts = self._secret.split(":")
        region = parts[3] if parts[0] == "arn" and len(parts) > 3 else None
        config = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 3})
        try:
            client = make_client("secretsmanager", region, config)
            key = client.get_secret_value(SecretId=self._secret).get("SecretString", "")
        except AWS_ERRORS as error:
            raise NotForwarded(
                "API_KEY_UNREADABLE",
                f"Secrets Manager did not give the secret of ENDPOINT_API_KEY_SECRET "
                f"({word_for(error)}): check that it exists, and give the "
                "function's role secretsmanager:GetSecretValue on it (and kms:Decrypt, if it has "
                "a key of its own)",
            ) from None
        if not is_one_word(key):
            raise NotForwarded(
                "API_KEY_UNREADABLE",
                "the secret of ENDPOINT_API_KEY_SECRET is no API key: store the bare key as its "
                "text, printable ASCII without spaces, line ends or JSON around it",
            )
        return str(key)


def is_one_word(value: str) -> bool:
    """Tell printable ASCII from values that were pasted with a space or a line end."""
    return value != "" and value.isascii() and value.isprintable() and " " not in value
