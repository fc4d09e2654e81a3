"""Templates: ours first, then Flower's; our entries come into the bar that Flower shows on every page."""

from __future__ import annotations

from pathlib import Path

import flower
from tornado.template import Loader, Template

from crobot_errors import BrokenInstallation

OURS = Path(__file__).parent / "templates"
FLOWERS = Path(flower.__file__).parent / "templates"
BAR = "navbar.html"
#: where the entries of Flower's bar begin
_MARK = '<ul class="app-nav navbar-nav">'


class Templates(Loader):
    """Loads a template by its name from our folder, or from Flower's."""

    def __init__(self) -> None:
        super().__init__(str(FLOWERS))

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name itself: each template is named from its folder on."""
        return name

    def _create_template(self, name: str) -> Template:
        own = OURS / name
        text = (own if own.exists() else FLOWERS / name).read_text(encoding="utf-8")
        return Template(with_entries(text) if name == BAR else text, name=name, loader=self)


def with_entries(bar: str) -> str:
    """Return Flower's bar with our entries before its own.

    Raises:
        BrokenInstallation: it is not the bar that we know.
    """
    if bar.count(_MARK) != 1:
        raise BrokenInstallation(
            "the navigation bar of this Flower is not the one that our pages know: install the version that "
            "requirements.txt names"
        )
    return bar.replace(_MARK, f'{_MARK}{{% module Template("crobot/entries.html", active_tab=active_tab) %}}')
