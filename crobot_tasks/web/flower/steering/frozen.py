"""The numbers of jobs as one text, which a form keeps: what is changed is what was counted, whatever comes later."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from itertools import accumulate, pairwise

from crobot_errors import BadInput

#: jobs that one form may be about
MOST = 200_000
#: a difference of two numbers and a comma
_CHARACTERS = 20


def freeze(job_ids: Sequence[int]) -> str:
    """Write numbers, which are in order, as their differences: neighbours take less than a byte each."""
    steps = [after - before for before, after in pairwise((0, *job_ids))]
    return base64.b64encode(zlib.compress(",".join(map(str, steps)).encode())).decode()


def thaw(text: str) -> list[int]:
    """Read them again.

    Raises:
        BadInput: it is not such a text.
    """
    try:
        reader = zlib.decompressobj()
        unpacked = reader.decompress(base64.b64decode(text, validate=True), MOST * _CHARACTERS)
        if not reader.eof:
            raise ValueError("cut off, or too long")
        return list(accumulate(int(step) for step in unpacked.decode().split(",") if step))
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadInput("the list of jobs in this form is damaged: choose the jobs again") from error
