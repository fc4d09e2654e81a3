"""What is wrong with a published scheme and hinders nobody from using it: told, or with ``strict`` refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from crobot_errors import BadInput


@dataclass
class Blemishes:
    """Collects them; files that are read twice name each only once."""

    strict: bool = False
    _found: dict[str, None] = field(default_factory=dict)

    def add(self, what: str, taken: str) -> None:
        """Note what is wrong, with its place, and how it is taken.

        Raises: BadInput if nothing may be wrong.
        """
        if self.strict:
            raise BadInput(what)
        self._found[f"{what}; {taken}"] = None

    @property
    def found(self) -> list[str]:
        """A sentence for each."""
        return list(self._found)
