"""What axe finds on a page in a browser: faults that keep people from reading or using it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_GRAVE = ("serious", "critical")
#: colours and width of a window
LOOKS = (("light", 1400), ("dark", 400))
#: of one fault, elements that are named
_NAMED = 4
#: colours that fade into others are judged when that is over
_AT_REST = """new Promise(requestAnimationFrame).then(() => Promise.all(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime < 10000).map(one => one.finished.catch(() => {}))))"""
_RUN = """axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"]})"""


def grave_faults(page: Page) -> list[str]:
    """The serious and critical ones of a page in each look, each with elements that have it."""
    page.evaluate(AXE_SCRIPT)
    return [
        f"{page.url}, {scheme}: {fault}" for scheme, width in LOOKS for fault in _faults(page, scheme, width)
    ]


def _faults(page: Page, scheme: Any, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(_AT_REST)
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(node["html"][:200] for node in one["nodes"][:_NAMED])
        for one in page.evaluate(_RUN)["violations"]
        if one["impact"] in _GRAVE
    ]
