"""What pages are made of: Flower's bar with our entries, charts, addresses."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from flower.views import BaseHandler

from crobot_errors import BrokenInstallation
from crobot_tasks.web.flower import pages, words
from crobot_tasks.web.flower.changing import ChangingPage
from crobot_tasks.web.flower.chart import HEIGHT, Column, columns
from crobot_tasks.web.flower.loader import BAR, FLOWERS, OURS, Templates, with_entries
from crobot_tasks.web.flower.pages.policy import Policy


def test_flowers_bar_has_a_place_for_our_entries() -> None:
    bar = (FLOWERS / BAR).read_text()
    ours = with_entries(bar)
    assert "crobot/entries.html" in ours
    assert len(ours) > len(bar)


@pytest.mark.parametrize("bar", ["", '<ul class="app-nav navbar-nav"><ul class="app-nav navbar-nav">'])
def test_a_bar_that_is_not_known_is_named(bar: str) -> None:
    with pytest.raises(BrokenInstallation, match=r"install the version that requirements\.txt names"):
        with_entries(bar)


def test_every_template_is_found_by_its_name_and_flowers_too() -> None:
    templates = Templates()
    own = [f"crobot/{path.name}" for path in sorted((OURS / "crobot").iterdir())]
    assert len(own) > 5
    for name in (*own, "workers.html", BAR):
        assert templates.load(name).name == name


def test_no_page_takes_a_form_but_those_that_ask_for_a_token() -> None:
    ours = [one.handler_class for one in pages.handlers() if issubclass(one.handler_class, BaseHandler)]
    takes = {one for one in ours if one.post is not BaseHandler.post}
    changing = {one for one in takes if one.post is ChangingPage.post}
    # what it is given is looked at, and nothing is stored; it has a test of its own
    assert takes - changing == {Policy}
    assert len(changing) == 3
    assert all(one.put is BaseHandler.put and one.delete is BaseHandler.delete for one in ours)


def test_a_chart_has_a_column_for_each_hour_and_says_what_is_in_it() -> None:
    given = [
        Column("07:00", [("complete", 3), ("failed", 1)]),
        Column("08:00", [("complete", 0), ("failed", 0)]),
    ]
    drawn = ElementTree.fromstring(columns(given, "ends"))
    first, second = drawn.findall("g")
    assert first.findtext("title") == "07:00: 3 complete, 1 failed"
    assert second.findtext("title") == "08:00: nothing"
    assert [float(one.attrib["height"]) for one in first.findall("rect")[1:]] == [
        HEIGHT * 0.75,
        HEIGHT * 0.25,
    ]
    assert columns([], "ends").startswith("<svg")


def test_an_address_keeps_its_fields_and_escapes_them() -> None:
    fields = {"state": "LIVE", "tag": "a&b=<c>", "user": ""}
    assert words.link("/jobs", fields, before=7) == "/jobs?state=LIVE&tag=a%26b%3D%3Cc%3E&before=7"
    assert words.link("/jobs", {"user": ""}) == "/jobs"
    assert (words.share(3, 4), words.share(1, 0), words.share(9, 4)) == (75, 0, 100)
