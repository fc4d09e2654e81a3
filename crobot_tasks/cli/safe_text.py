"""Text as it may go to a terminal: nothing in it is obeyed."""

from __future__ import annotations

import re
import unicodedata


def safe(text: str) -> str:
    r"""Return a text with its control characters shown as ``\x1b``, so that no terminal obeys them."""
    return text if text.isprintable() else "".join(map(_shown, text))


def safe_lines(text: str) -> str:
    """Return a text of several lines that is safe to print; ends of lines and tabs stay as they are."""
    return "".join(part if part in "\n\t" else safe(part) for part in re.split(r"([\n\t])", text))


def _shown(character: str) -> str:
    """Control and format characters (such as turn the direction of reading), and halves of characters, are shown."""
    kind = unicodedata.category(character)
    hidden = kind.startswith("C") or kind in ("Zl", "Zp")
    return character.encode("unicode_escape").decode() if hidden else character
