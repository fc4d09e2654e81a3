"""Rules about imports that the contracts of import-linter cannot state."""

from __future__ import annotations

import grimp


def test_whatever_opens_transactions_knows_where_the_database_is() -> None:
    """A web developer may import any module first: each must load the one that gives `db` its address."""
    graph = grimp.build_graph("crobot_tasks", "db", cache_dir=None)
    users = graph.find_modules_that_directly_import("db.engine") & graph.find_descendants("crobot_tasks")
    loading = graph.find_downstream_modules("crobot_tasks.database") | {"crobot_tasks.database"}
    assert users
    assert not users - loading, "these have to import crobot_tasks.database"
