"""Ranges, or what is made of them, of which Cloud Storage does not tell the checksum."""

from tests.faults.places import cloud_place
from tests.parts.rig import STARTS, ManyRig, many
from tests.servers.cloud_storage_faults import Answer
from tests.servers.scripted_s3 import ScriptedS3


def test_a_range_that_another_encrypted_is_fetched_again(rig: ManyRig) -> None:
    """Cloud Storage tells no checksum of it: what is recorded beside it proves nothing."""
    rig.cloud().fault("compose", Answer(403))
    rig.send()
    rig.cloud().bucket.encrypt(rig.parts()[3])
    before = len(rig.fetched())

    assert rig.send().outcome == (200, "landed")

    assert len(rig.fetched()) - before == 1
    rig.assert_landed_whole()


def test_ranges_are_found_again_though_no_list_tells_their_checksums(s3: ScriptedS3) -> None:
    encryption = {"defaultKmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}
    with cloud_place(settings={"encryption": encryption}) as place, many(place, s3) as rig:
        rig.cloud().fault("compose", Answer(403))
        rig.send()

        assert rig.send().outcome == (200, "landed")

        assert len(rig.fetched()) == len(STARTS)
        rig.assert_landed_whole()


def test_an_object_whose_checksum_only_a_look_tells_is_not_taken_for_another(rig: ManyRig) -> None:
    rig.cloud().bucket.tells_what_it_wrote = False

    assert rig.send().outcome == (200, "already-landed")

    rig.assert_landed_whole()
