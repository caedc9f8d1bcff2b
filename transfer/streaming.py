"""Sending what is read to an upload, across interruptions on both sides."""

from transfer.budget import Budget
from transfer.errors import StoreUnavailable, UploadLost
from transfer.reading import Reader
from transfer.store import STEP, Upload


def send_body(reader: Reader, upload: Upload, start: int, end: int, budget: Budget) -> bytes:
    """Send bytes `start` to `end` of the source, all but the tail, which is returned.

    Without the tail nothing becomes visible.

    Raises:
        UploadLost: Only another upload can go on.
        StoreUnavailable, SourceUnavailable: Once the budget is spent, which progress refills, and
            what reading raises.
    """
    body = max(0, end - start - 1) // STEP * STEP
    position = 0
    while position < body:
        blocks = reader.blocks(start + position, start + body)
        try:
            position = upload.send(blocks, position, body)
        except UploadLost:
            raise
        except StoreUnavailable as interruption:
            budget.pause(interruption)
            position = upload.persisted()
            budget.advance(start + position)
            budget.count(interruption)
        else:
            if position < body:
                budget.advance(start + position)
                budget.spend(StoreUnavailable("The store kept only part of the upload."))
    return b"".join(reader.blocks(start + body, end))
