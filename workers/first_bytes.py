"""What a file is by its first bytes, where it is not what was asked for: in words that a terminal can print."""

from __future__ import annotations

from codecs import getincrementaldecoder
from pathlib import Path

from crobot_errors import BadInput

#: files that are packed otherwise than by gzip; nothing here reads them
PACKED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
}


def check_packing(path: Path, begin: bytes) -> None:
    """Raises: BadInput naming the packer, if a file that begins so is packed by another than gzip."""
    for magic, name in PACKED.items():
        if begin.startswith(magic):
            raise BadInput(f"{path} is packed by {name}: unpack it, or pack it with gzip")


def shown(found: bytes, most: int = 60) -> str:
    """Return the beginning of a line in quotes, if it is text."""
    try:
        # the last letter may be cut in two
        text = getincrementaldecoder("utf-8")().decode(found[:most])
    except UnicodeDecodeError:
        return "bytes that are no text"
    return repr(text.strip())
