"""boto3's clients, all of one session, so that its data and credentials are loaded once."""

from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, InvalidConfigError

# Making a client is the one thing that boto3 does not allow two threads at once.
_MAKING = Lock()


@cache
def session() -> boto3.Session:
    return boto3.Session()


def make_client(service: str, region: str | None, config: Config) -> Any:
    """Return a client; `region` None means that of the environment.

    Raises:
        BotoCoreError: It cannot be made as boto3 is configured.
    """
    with _MAKING:
        try:
            return session().client(service, region_name=region, config=config)
        except BotoCoreError:
            raise
        except ValueError:  # an endpoint that is no URL, such as localhost:9000 without http://
            raise InvalidConfigError(error_msg="no client can be made of it") from None
