"""What no picture can be drawn to is refused before anything else is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import BadInput
from crobot_tasks.cli.pictures import check_picture


def test_what_cannot_be_drawn_to_is_refused(tmp_path: Path) -> None:
    check_picture(tmp_path / "batch.SVG")
    with pytest.raises(BadInput, match="name it .png, .svg or .pdf"):
        check_picture(tmp_path / "batch.gif")
    with pytest.raises(BadInput, match="no folder"):
        check_picture(tmp_path / "away" / "batch.png")
