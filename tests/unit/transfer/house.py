"""A whole Landfall for the protocol's tests, on the directory store."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.directory_store import DirectoryStore
from tests.fakes import Door, FakeSource, FakeTopic, impatient_budget, message_for
from transfer.errors import NotifyUnavailable
from transfer.landing import Landing
from transfer.object_name import ObjectName
from transfer.store import StoredObject

A, B = b"first version", b"second version, longer"
NAME = "source/a/b.bin"


@dataclass
class House:
    """One Landfall: a source that changes, a store with doors, a topic that remembers."""

    folder: Path
    source: FakeSource
    store: Door
    topic: FakeTopic

    def landing(self, max_bytes: int = 10**9, template: str = "{bucket}/{key}") -> Landing:
        name = ObjectName(template)
        return Landing(self.source, self.store, self.topic, name, max_bytes, impatient_budget)

    def land_unannounced(self) -> None:
        self.topic.failures = [NotifyUnavailable("down")]
        with pytest.raises(NotifyUnavailable):
            self.landing().land(message_for(self.source.body))

    def there(self) -> StoredObject:
        found = self.store.store.stat(NAME)
        assert found is not None
        return found

    def bytes_there(self) -> bytes:
        return (self.folder / NAME).read_bytes()

    def leftovers(self) -> list[Path]:
        return list((self.folder / ".landfall" / "uploads").iterdir())


def new_house(folder: Path) -> House:
    return House(folder, FakeSource(A), Door(DirectoryStore(folder)), FakeTopic())
