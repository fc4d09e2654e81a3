"""The newest revision, which is read off the names of files, is Alembic's."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from db import migrations, revisions
from db.migrations.trees import TREES


@pytest.mark.parametrize("tree", sorted(TREES))
def test_the_newest_revision_by_the_names_of_files_is_alembics_head(tree: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0]) / tree))
    config.set_main_option("path_separator", "os")
    assert revisions.head(tree) == ScriptDirectory.from_config(config).get_current_head()
