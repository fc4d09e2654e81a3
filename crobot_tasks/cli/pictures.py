"""Files that pictures are drawn to, checked before anything is counted or simulated."""

from __future__ import annotations

from pathlib import Path

from crobot_errors import BadInput

FORMATS = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Complain of a file that cannot be drawn to.

    Raises:
        BadInput: the ending names no format, or the folder is not there.
    """
    if path.suffix.lower() not in FORMATS:
        raise BadInput(f"{path}: name it .png, .svg or .pdf, which says the format")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.absolute().parent}")
