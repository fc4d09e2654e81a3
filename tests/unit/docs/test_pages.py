"""The pages: links lead somewhere, commands and options exist, settings and arrows are those of the program."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from crobot_tasks.cli.commands import crobot
from crobot_tasks.maintenance.pruning.prune import KINDS
from crobot_tasks.router.retention import DAYS
from db.crobot.old_rows import FIXED_DAYS
from tests.pages import PAGES, ROOT, blocks, first_cells, page, section

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_IN_TEXT = re.compile(r"`(crobot [^`]+)`")
_PATH = re.compile(r"`([\w./-]+\.(?:py|toml|md))`")
#: name of a variable, and its default if that is a constant
_SETTING = re.compile(r'environ\.get\("((?:CROBOT_|USE_)\w+)", "?([^")]*)')
_ASSIGNED = re.compile(r"\w+=.*")
#: where the files are that pages name
ROOMS = ("crobot_tasks", "db", "workers", "tests", "docs", "tools", "examples", "benchmarks")
#: what ends a command in a shell
_OPERATORS = {"|", ">", "<", "&&", ";"}


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def anchors(path: Path) -> set[str]:
    """The headings of a page as the hosting site names them in addresses."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(path: Path) -> Iterator[list[str]]:
    """The words of each `crobot …` that a page has its reader type."""
    for block in blocks(path, "sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and _ASSIGNED.fullmatch(words[0]):
                words.pop(0)
            if words[:1] == ["crobot"]:
                end = next((at for at, word in enumerate(words) if word in _OPERATORS), len(words))
                if end > 1:  # alone, with a setting before it, it prints what a shell is to run
                    yield words[1:end]


def found(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is meant, and the words after its name."""
    command: click.Command = crobot
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        inner = command.get_command(click.Context(command), name)
        assert inner is not None, f"no command {name!r} in `crobot {' '.join(words)}`"
        command = inner
    return command, rest


def options_of(command: click.Command) -> set[str]:
    context = click.Context(command)
    return {name for parameter in command.get_params(context) for name in parameter.opts}


@pytest.mark.parametrize("path", named(PAGES))
def test_every_command_to_type_is_understood_by_the_command_line(path: Path) -> None:
    for words in commands(path):
        command, arguments = found(words)
        command.make_context(" ".join(words), arguments)


@pytest.mark.parametrize("path", named(PAGES))
def test_every_command_in_the_text_exists_with_its_options(path: Path) -> None:
    for text in _IN_TEXT.findall(path.read_text()):
        command, rest = found([word for word in text.split()[1:] if word != "…"])
        options = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert options <= options_of(command) | {"--help", "--json"}, text


def test_the_pages_have_commands_to_check() -> None:
    assert len(list(commands(page("docs/curators.md")))) > 30


@pytest.mark.parametrize("path", named(PAGES))
def test_every_link_leads_to_a_page_and_a_heading(path: Path) -> None:
    for link in _LINK.findall(path.read_text()):
        if not link.startswith("http"):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("path", named(PAGES))
def test_every_file_that_a_page_names_is_there(path: Path) -> None:
    there = {each.relative_to(ROOT) for top in ROOMS for each in (ROOT / top).rglob("*")}
    there |= {each.relative_to(ROOT) for each in ROOT.iterdir()}
    # what it has its reader write
    there |= {Path(block.text.splitlines()[0].removeprefix("# ")) for block in blocks(path, "python")}
    ends = {"/".join(each.parts[start:]) for each in there for start in range(len(each.parts))}
    missing = [name for name in _PATH.findall(path.read_text()) if name not in ends]
    assert missing == []


def test_the_readme_is_short() -> None:
    assert len(page("README.md").read_text().splitlines()) <= 150


def test_the_table_of_settings_is_that_of_the_settings_with_their_defaults() -> None:
    settings = dict(_SETTING.findall(page("celeryconfig.py").read_text()))
    table = section(page("docs/operators.md"), "Settings")
    assert sorted(first_cells(table)) == sorted(settings)
    for name, default in settings.items():
        if default.isdecimal():
            assert f"| `{name}` | {default} |" in table


def test_the_arrows_are_those_that_the_linter_checks() -> None:
    contracts = {
        contract["containers"][0].replace(".", "/"): contract["layers"]
        for contract in tomllib.loads(page("pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and "containers" in contract
    }
    text = section(page("ARCHITECTURE.md"), "The arrows")
    places = sorted(text.index(f"\n`{package}/`") for package in contracts)
    drawn = {
        text[start:end].strip().split("/`")[0].strip("`"): [
            line.split(" | ")[0].strip("| ").replace("`", "").replace("\\|", "|")
            for line in re.findall(r"^\| `.*$", text[start:end].replace(" \\| ", "\\|"), re.MULTILINE)
        ]
        for start, end in pairwise([*places, len(text)])
    }
    assert drawn == {
        package: [layer.replace(" ", "") for layer in layers] for package, layers in contracts.items()
    }


@pytest.mark.parametrize("path", named(PAGES))
def test_every_section_stands_there_once(path: Path) -> None:
    headings = [line for line in path.read_text().splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings))


def test_the_table_of_what_is_kept_has_every_kind_with_its_age_and_how_to_change_it() -> None:
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split(" |")]
        for line in section(page("docs/operators.md"), "What is kept how long").splitlines()
        if line.startswith("| `")
    ]
    told = {kind: (age.split()[0], changed) for kind, _, age, _, changed in rows}
    fixed = {kind: (str(days), "") for kind, days in FIXED_DAYS.items()}
    assert told == {kind: (str(days or "for"), f"{kind}_d") for kind, (days, _) in DAYS.items()} | fixed
    assert told.keys() == set(KINDS)
