"""The reasons of refusals that the forwarder knows are those that the service has."""

from forwarder.reasons import REASONS
from handlers.errors import TABLE


def test_every_reason_of_the_service_has_words_of_the_forwarder() -> None:
    assert REASONS.keys() == TABLE.keys()
    assert all(words and "\n" not in words for words in REASONS.values())
