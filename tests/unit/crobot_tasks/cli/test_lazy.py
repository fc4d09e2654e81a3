"""The table of commands: it says what the modules say, and what is asked of it loads none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from crobot_tasks.cli.commands import COMMANDS
from crobot_tasks.cli.lazy import Entry, Table
from tests.command import loaded_by, process

#: what takes longer to load than a help page may take
SLOW = {
    "alembic",
    "celery",
    "db",
    "kombu",
    "matplotlib",
    "numpy",
    "psycopg2",
    "redis",
    "rich",
    "sqlalchemy",
    "workers",
}
#: room for a line of help beside the longest name, at 80 columns
WIDTH = 65


def entries(table: Table, path: str = "crobot") -> Iterator[tuple[str, Entry]]:
    """All commands with the names that they are called by."""
    for name, one in table.items():
        if isinstance(one, Entry):
            yield f"{path} {name}", one
        else:
            yield from entries(one.commands, f"{path} {name}")


@pytest.mark.parametrize(("path", "entry"), [pytest.param(*one, id=one[0]) for one in entries(COMMANDS)])
def test_the_table_says_what_the_command_says_of_itself(path: str, entry: Entry) -> None:
    command = entry.load(path)
    assert command.name == path.rpartition(" ")[2]
    text, following = entry.help.removesuffix("."), " ".join((command.help or "").split())
    assert following.startswith(text)
    assert following.removeprefix(text)[0] in ".,;: ("
    assert len(entry.help) <= WIDTH


@pytest.mark.parametrize(("path", "entry"), [pytest.param(*one, id=one[0]) for one in entries(COMMANDS)])
def test_every_option_explains_itself(path: str, entry: Entry) -> None:
    options = [one for one in entry.load(path).params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help and not one.show_default] == []


@pytest.mark.parametrize(
    "line",
    [["--help"], ["--version"], ["send", "--help"], ["scheme", "-h"], ["jobz"], ["send", "prob"], ["--jsn"]],
    ids=" ".join,
)
def test_help_and_wrong_names_load_no_command(line: list[str]) -> None:
    assert loaded_by(*line) & SLOW == set()


@pytest.mark.parametrize(
    ("line", "meant"),
    [("jobz", "jobs"), ("send prob", "probe"), ("sheme list", "scheme"), ("jobs --pipelin x", "--pipeline")],
)
def test_a_name_that_was_mistyped_is_answered_by_the_one_that_was_meant(line: str, meant: str) -> None:
    done = process(*line.split())
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


#: lets no process import the packages in WITHOUT
HIDE = """
import os, sys

class Hidden:
    def find_spec(name, path=None, target=None):
        if name in os.environ["WITHOUT"].split():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden)
"""


@pytest.fixture
def without(tmp_path: Path) -> str:
    """A PYTHONPATH on which the packages in WITHOUT are missing."""
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    return os.pathsep.join([str(tmp_path), *sys.path])


@pytest.mark.parametrize(
    ("line", "package", "requirement"),
    [
        ("jobs", "psycopg2", "psycopg2-binary"),
        ("simulate", "matplotlib", "matplotlib"),
        ("flower", "flower", "flower"),
    ],
)
def test_a_missing_package_breaks_one_command_which_names_it(
    without: str, line: str, package: str, requirement: str
) -> None:
    broken = process(line, PYTHONPATH=without, WITHOUT=package)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.startswith(f"crobot: `crobot {line}` needs the Python package '{package}'")
    assert f"{sys.executable} -m pip install '{requirement}" in broken.stderr
    assert broken.stderr.count("\n") == 1

    document = process(line, "--json", PYTHONPATH=without, WITHOUT=package)
    assert document.returncode == 1
    assert json.loads(document.stdout)["error"]["type"] == "BrokenInstallation"


@pytest.mark.parametrize("line", ["--help", "send --help", "jobs --help", "nodes --help"])
def test_other_commands_work_without_it(without: str, line: str) -> None:
    done = process(*line.split(), PYTHONPATH=without, WITHOUT="matplotlib flower alembic numpy")
    assert (done.returncode, done.stderr) == (0, "")


def test_help_works_without_any_package_but_click(without: str) -> None:
    done = process("--help", PYTHONPATH=without, WITHOUT=" ".join(SLOW))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_package_that_fails_while_it_is_imported_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("raise RuntimeError('made for another Python')\n")
    done = process("simulate", PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    assert (done.returncode, done.stdout) == (1, "")
    assert "`crobot simulate` cannot be loaded: RuntimeError: made for another Python" in done.stderr
    assert f"{tmp_path}/matplotlib/__init__.py, line 1" in done.stderr
    assert "-m pip install -r requirements.txt" in done.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("crobot sen", {"send"}),
        ("crobot send p", {"probe"}),
        ("crobot jobs --pipe", {"--pipeline"}),
        ("crobot jobs --state wai", {"waiting"}),
    ],
)
def test_bash_completes_commands_options_and_values(words: str, offered: set[str]) -> None:
    script = f"""
        eval "$(_CROBOT_COMPLETE=bash_source crobot)"
        IFS=' ' COMP_WORDS=({words}) COMP_CWORD={words.count(" ")}
        _crobot_completion crobot
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert (set(done.stdout.split()), done.stderr) == (offered, "")


@pytest.mark.parametrize(
    ("shell", "uses"), [("zsh", "compdef _crobot_completion crobot"), ("fish", "complete --no-files")]
)
def test_other_shells_are_told_how_to_complete(shell: str, uses: str) -> None:
    assert uses in process(_CROBOT_COMPLETE=f"{shell}_source").stdout


def test_the_completion_of_a_commands_name_loads_no_command() -> None:
    words = {"_CROBOT_COMPLETE": "bash_complete", "COMP_WORDS": "crobot s", "COMP_CWORD": "1"}
    assert loaded_by(**words) & SLOW == set()
