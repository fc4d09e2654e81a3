"""`crobot doctor` on an installation of its own, whose servers get the dangerous settings; it logs as JSON."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from sqlalchemy import make_url

import celeryconfig
from crobot_tasks import addresses, embedded
from crobot_tasks.operate.doctor import broker, database, pooler, storage
from crobot_tasks.operate.doctor.finding import Finding, Severity
from crobot_tasks.operate.doctor.seen import Seen
from crobot_tasks.tasks import job_task
from db import engine
from tests.command import crobot, document, process
from tests.installation import installation
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.processes import Cluster, Process, value, wait_for

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PGBOUNCER = """\
[databases]
crobot = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = options
unix_socket_dir =
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An installation with one node."""
    with (
        installation(tmp_path_factory.mktemp("doctor"), ("calc01",), CROBOT_LOG_FORMAT="json") as cluster,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("crobot_tasks.operate.doctor.seen.ANSWER_S", 0.7)
        yield cluster


def examined(*arguments: object, code: int = 0) -> dict[str, list[dict[str, str]]]:
    """Severity → what was found."""
    found = document("doctor", *arguments, code=code)
    assert found["sound"] == (code == 0)
    return {one: [each for each in found["findings"] if each["severity"] == one] for one in Severity}


def whats(found: list[Any]) -> str:
    return "\n".join(one["what"] if isinstance(one, dict) else one.what for one in found)


def graver(findings: Iterator[Finding]) -> str:
    return "\n".join(f"{one.severity} {one.what}" for one in findings if one.severity != Severity.OK)


def run(statement: str) -> None:
    """Run a statement outside of a transaction."""
    url = addresses.database_url() if celeryconfig.crobot_database_url else embedded_urls().database_url
    connection = psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(False))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def embedded_urls() -> embedded.Servers:
    return embedded.servers(Path(celeryconfig.crobot_data_dir))


@contextmanager
def setting(name: str, value: str) -> Iterator[None]:
    """PostgreSQL with another setting, for all."""
    before = shown(name)
    run(f"ALTER SYSTEM SET {name} = {value}")
    run("SELECT pg_reload_conf()")
    try:
        wait_for(f"{name} = {value}", lambda: shown(name) == value)
        yield
    finally:
        run(f"ALTER SYSTEM RESET {name}")
        run("SELECT pg_reload_conf()")
        wait_for(f"{name} = {before}", lambda: shown(name) == before)


def shown(name: str) -> str:
    with engine.engine().connect() as connection:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    """The broker, whose settings are put back."""
    client = redis.Redis.from_url(embedded_urls().broker_url, decode_responses=True)
    names = ("maxmemory-policy", "maxmemory", "save")
    before = {name: client.config_get(name)[name] for name in names}
    yield client
    for name, old in before.items():
        client.config_set(name, old)
    client.close()


def test_a_sound_installation_has_no_problem(ours: Cluster) -> None:
    found = examined()
    well = whats(found[Severity.OK])
    assert "beat runs, and heads do what it sends" in well
    assert "1 of 1 nodes are up" in well
    assert "files of this machine show on crobot@calc01 after " in well
    assert "files of this machine show on head@" in well
    assert "the clock of crobot@calc01 agrees" in well
    assert "no pooler shares connections" in well
    assert "is the storage that the heads work with" in well
    assert not list(Path(celeryconfig.crobot_storage).glob(".crobot-check-*"))
    lines = crobot("doctor").stdout
    assert "problems: 0" in lines
    assert "no pooler" not in lines
    assert "no pooler" in crobot("doctor", "--all").stdout


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"])
def test_a_dangerous_setting_of_postgresql_is_a_problem(ours: Cluster, name: str) -> None:
    with setting(name, "off"):
        assert f"problem PostgreSQL has {name} = off" in graver(database.examine(Seen()))
    assert graver(database.examine(Seen())) == ""


def test_a_table_without_autovacuum_is_a_problem(ours: Cluster) -> None:
    run("ALTER TABLE crobot.jobs SET (autovacuum_enabled = false)")
    try:
        found = graver(database.examine(Seen()))
        assert found == "problem autovacuum is switched off for the table crobot.jobs"
    finally:
        run("ALTER TABLE crobot.jobs RESET (autovacuum_enabled)")


def test_a_transaction_that_is_open_for_minutes_is_named(
    ours: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crobot_tasks.operate.troubles.LONG_S", 0.0)
    with engine.engine().connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        assert "warning a transaction of crobot (process" in graver(database.examine(Seen()))


def test_clocks_that_differ_are_told_by_how_much() -> None:
    def judged(skew_s: float, doubt_s: float) -> list[str]:
        return [str(one.severity) for one in database.of_clock("calc01", skew_s, doubt_s)]

    assert judged(1.9, 0) == judged(-30, 29) == ["ok"]
    assert judged(-3, 0) == ["warning"]
    assert judged(200, 0) == judged(-200, 2) == ["problem"]


@pytest.fixture
def pgbouncer(ours: Cluster) -> Iterator[Callable[[str], str]]:
    """Starts a pooler before the database; returns the address by way of it."""
    url, started = make_url(embedded_urls().database_url), []

    def start(mode: str) -> str:
        port, folder = closed_port(), ours.folder / f"pooler-{mode}"
        folder.mkdir()
        text = PGBOUNCER.format(
            host=url.host, port=url.port, name=url.database, user=url.username, password=url.password,
            own_port=port, mode=mode,
        )  # fmt: skip
        (folder / "pgbouncer.ini").write_text(text)
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program
        # it refuses to work as root
        line = [program, *(["-u", "nobody"] if os.geteuid() == 0 else []), str(folder / "pgbouncer.ini")]
        started.append(Process(f"pgbouncer-{mode}", line, folder))
        wait_for("pgbouncer", lambda: "process up" in started[-1].text())
        return url.set(port=port, password=None).render_as_string(False)

    yield start
    for one in started:
        one.stop()


def park_some() -> list[int]:
    """Send jobs in transactions that a pooler may give to different processes; how often each is there."""
    calls = [job_task("probe").delay(params={"value": number}) for number in range(3)]
    return [value("SELECT count(*) FROM crobot.settlements WHERE task_id = :id", id=one.id) for one in calls]


def test_a_pooler_by_transaction_is_seen_and_one_by_session_only_by_what_it_drops(
    pgbouncer: Callable[[str], str],
) -> None:
    found = {}
    for mode in ("transaction", "session"):
        address = pgbouncer(mode)
        former = engine.configure(lambda address=address: address)
        try:
            found[mode] = graver(pooler.examine(Seen()))
            assert park_some() == [1, 1, 1]
        finally:
            engine.engine().dispose()
            assert former is not None
            engine.configure(former)
    assert "a pooler hands out connections to PostgreSQL by transaction" in found["transaction"]
    assert "a pooler hands out" not in found["session"]
    assert "have idle_in_transaction_session_timeout = 0, and not 30000" in found["session"]
    assert "have jit = on, and not off" in found["session"]


def test_a_broker_that_evicts_is_a_problem_once_its_memory_is_bounded(
    ours: Cluster, valkey: redis.Redis
) -> None:
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    assert graver(broker.examine(Seen())) == "warning the broker has maxmemory-policy allkeys-lru"
    valkey.config_set("maxmemory", "1gb")
    assert graver(broker.examine(Seen())) == "problem the broker has maxmemory-policy allkeys-lru"


def test_a_broker_whose_memory_is_nearly_full_is_a_problem(ours: Cluster, valkey: redis.Redis) -> None:
    valkey.config_set("maxmemory", int(valkey.info("memory")["used_memory"] * 1.1))
    assert "problem the broker has" in graver(broker.examine(Seen()))


def test_a_broker_that_keeps_nothing_on_its_disk_is_a_warning(ours: Cluster, valkey: redis.Redis) -> None:
    valkey.config_set("save", "")
    assert "warning the broker keeps nothing on its disk" in graver(broker.examine(Seen()))


def lines(process: Process) -> list[dict[str, Any]]:
    """Each line of a log; none may be anything but JSON."""
    return [json.loads(line) for line in process.text().splitlines()]


def test_each_line_of_the_logs_is_json_and_says_which_attempt_it_is_about(ours: Cluster) -> None:
    task = job_task("probe")
    traced = task.apply_async(
        kwargs={"params": {"fail": "crash"}}, headers={"traceparent": TRACE}, job={"batch": "traced"}
    )
    crobot("wait", traced.job_id, "--timeout", 60)
    for each in ours.processes:
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines(each))
    about = {"job": traced.job_id, "attempt": 1, "node": "calc01", "traceparent": TRACE}
    (ended,) = [line for line in lines(ours.heads[0]) if " ended on " in line["message"]]
    assert about.items() <= ended.items()
    assert ended["message"].startswith(f"attempt {traced.job_id}.1 ended on calc01: ")
    raised = [line for line in lines(ours.nodes["calc01"]) if "exception" in line]
    assert raised, ours.nodes["calc01"].text()
    assert all(about.items() <= line.items() for line in raised)


def test_a_node_with_another_storage_is_a_problem(
    ours: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LOOK_S", 2.0)
    node = Process(
        "calc09",
        ours.node_command("calc09"),
        ours.folder,
        **ours.environment,
        CROBOT_STORAGE=str(tmp_path),
    )
    try:
        wait_for("the node", lambda: "ready." in node.text())
        seen = Seen(
            True, {"crobot@calc01": frozenset({"node.calc01"}), "crobot@calc09": frozenset({"node.calc09"})}
        )
        found = graver(storage.examine(seen))
        assert found == (
            f"problem a file written here does not show in {tmp_path} on crobot@calc09 within 2 s"
        )
    finally:
        node.kill()
    # not before it is found silent
    wait_for("calc09 to be forgotten", lambda: crobot("nodes", "forget", "calc09").returncode == 0)


def test_without_the_database_the_rest_is_looked_at(ours: Cluster) -> None:
    away = f"postgresql+psycopg2://me:hidden@127.0.0.1:{closed_port()}/genomes"
    done = process("doctor", "--all", **ours.environment, CROBOT_DATABASE_URL=away)
    assert done.returncode == 1
    assert done.stdout.startswith("problem  database: PostgreSQL at 127.0.0.1:"), done.stdout + done.stderr
    assert "not looked at, or only in part: database, tables, schedules" in done.stdout
    assert "hidden" not in done.stdout + done.stderr
    assert "ok  broker: Valkey" in done.stdout
    assert "ok  storage: files of this machine show on crobot@calc01" in done.stdout


def test_without_the_broker_the_rest_is_looked_at(ours: Cluster) -> None:
    settings = ours.environment | {"CROBOT_BROKER_URL": f"redis://:hidden@127.0.0.1:{closed_port()}/0"}
    done = process("doctor", "--all", **settings)
    assert done.returncode == 1
    assert done.stdout.startswith("problem  broker: the broker at 127.0.0.1:"), done.stdout + done.stderr
    assert "ok  database: PostgreSQL 18" in done.stdout
    assert "ok  disks: the storage" in done.stdout


def test_a_beat_that_does_not_run_is_told_from_heads_that_do_not(ours: Cluster) -> None:
    ours.beat.kill()
    try:
        silent = "the heads' silence"
        wait_for(silent, lambda: document("status")["warning"])
        found = whats(examined(code=1)[Severity.PROBLEM])
        assert found == "1 heads answer, and do nothing of what beat sends: beat does not run"
        ours.callbacks.kill()
        assert "no `crobot callbacks` answers" in whats(examined(code=1)[Severity.WARNING])
        ours.heads[0].kill()
        found = whats(examined(code=1)[Severity.PROBLEM])
        assert "no head has heard the nodes for" in found
        assert "no worker reads crobot.heartbeats, crobot.reports, crobot.settle" in found
    finally:
        for each in (ours.heads[0], ours.beat, ours.callbacks):
            each.start()
