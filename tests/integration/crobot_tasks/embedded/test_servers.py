"""The embedded servers, for real: as root and as an ordinary user, through kills and full disks."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from crobot_errors import ServerFailed
from crobot_tasks import embedded

PROJECT = Path(__file__).resolve().parents[4]
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
#: root of a user namespace of its own, which may mount
AS_NAMESPACE_ROOT = ["unshare", "--user", "--map-root-user", "--mount"]

#: uses the servers until its standard input ends
USE = """
import sys
from pathlib import Path
from crobot_errors import ServerFailed
from crobot_tasks import embedded
try:
    servers = embedded.servers(Path(sys.argv[1]))
except ServerFailed as error:
    sys.exit(str(error))
print(servers.database_url, servers.broker_url, flush=True)
"""
STAY = "sys.stdin.read()\n"
#: the child stays, with the inherited lock and the inherited atexit functions; the parent leaves
FORK = """
import os
if os.fork():
    sys.exit()
print("child", flush=True)
sys.stdin.read()
"""
#: the other way round
SPAWN = """
import os
if not os.fork():
    sys.exit()
os.wait()
print("child left", flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the servers of a directory."""

    def __init__(self, data_dir: Path, prefix: list[str], after: str = STAY) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", USE + after, str(data_dir)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def urls(self) -> tuple[str, str]:
        database_url, broker_url = self.line().split()
        return database_url.replace("+psycopg2", ""), broker_url

    def error(self) -> str:
        """End it; return what it complained of."""
        said = self.process.communicate()[1]
        assert "Traceback" not in said
        return said

    def leave(self) -> None:
        assert self.error() == ""
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def _can_run(prefix: list[str]) -> bool:
    command = [*prefix, sys.executable, "-c", "import crobot_tasks.embedded"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).returncode == 0


def _identities() -> dict[str, list[str]]:
    """Return whom we can be here; root cannot be nobody where nobody may not read Python or the project."""
    if os.geteuid() != 0:
        return {"ordinary-user": []}
    return {"root": [], "nobody": AS_NOBODY} if _can_run(AS_NOBODY) else {"root": []}


IDENTITIES = _identities()
#: for the one scenario that everything else rests on; the others do not depend on who it is
as_everybody = pytest.mark.parametrize("prefix", IDENTITIES.values(), ids=IDENTITIES)


@pytest.fixture
def prefix() -> list[str]:
    """What makes a command run as somebody: nothing, for ourselves."""
    return []


@pytest.fixture
def home(prefix: list[str]) -> Iterator[Path]:
    """A directory of that somebody."""
    directory = Path(tempfile.mkdtemp(prefix="crobot embedded "))
    if prefix:
        os.chown(directory, NOBODY, NOBODY)
    yield directory
    with suppress(ServerFailed):
        embedded.stop(directory / "data", force=True)
    shutil.rmtree(directory)


@pytest.fixture
def data_dir(home: Path) -> Path:
    return home / "data"


@pytest.fixture
def user(data_dir: Path, prefix: list[str]) -> Iterator[Callable[..., User]]:
    """Start a user process."""
    started = []

    def start(after: str = STAY, within: list[str] | None = None) -> User:
        started.append(User(data_dir, [*prefix, *(within or [])], after))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def pids(data_dir: Path) -> dict[str, int]:
    return {server.name: server.pid for server in embedded.status(data_dir).servers if server.pid}


def kill_servers(data_dir: Path) -> None:
    for pid in pids(data_dir).values():
        server = psutil.Process(pid)
        for process in [server, *server.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def execute(database_url: str, *statements: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def store_a_row(database_url: str) -> None:
    execute(database_url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (13)")


def kept_rows(database_url: str) -> list[tuple[object, ...]]:
    return execute(database_url, "SELECT n FROM kept")


def test_both_servers_answer_and_serve_only_who_has_the_password(
    user: Callable[..., User], data_dir: Path
) -> None:
    database_url, broker_url = user().urls()
    assert execute(database_url, "SELECT current_database()") == [("crobot",)]
    assert Redis.from_url(broker_url).ping()
    password = database_url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        execute(database_url.replace(password, "guess"))
    with pytest.raises(AuthenticationError):
        Redis.from_url(broker_url.replace(":" + broker_url.split(":")[2].split("@")[0], ":guess")).ping()
    assert stat.S_IMODE((data_dir / "servers.json").stat().st_mode) == 0o600
    assert not [p for p in psutil.process_iter(["cmdline"]) if password in " ".join(p.info["cmdline"] or [])]


def test_settings_fit_a_database_that_is_the_truth_and_a_broker_that_is_a_wire(
    user: Callable[..., User],
) -> None:
    database_url, broker_url = user().urls()
    shown = {name: execute(database_url, f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit")}
    assert shown == {"fsync": "on", "synchronous_commit": "on"}
    assert execute(database_url, "SHOW max_connections") == [("200",)]
    policy = Redis.from_url(broker_url, decode_responses=True).config_get("maxmemory-policy")
    assert policy == {"maxmemory-policy": "noeviction"}


def servers_of(process: User, data_dir: Path) -> list[int]:
    """Both servers, none in the session of its user."""
    running = pids(data_dir)
    assert set(running) == {"postgres", "valkey"}
    assert os.getsid(process.process.pid) not in map(os.getsid, running.values())
    return list(running.values())


@as_everybody
def test_the_last_user_stops_the_servers_which_are_its_own_and_the_next_finds_everything_again(
    user: Callable[..., User], data_dir: Path, prefix: list[str]
) -> None:
    first, second = user(), user()
    urls = first.urls()
    assert second.urls() == urls
    for pid in servers_of(first, data_dir):
        assert psutil.Process(pid).uids().real == (NOBODY if prefix else os.geteuid())
    store_a_row(urls[0])
    Redis.from_url(urls[1]).lpush("queue", "message")
    first.leave()
    assert kept_rows(urls[0]) == [(13,)]
    second.leave()
    assert pids(data_dir) == {}
    assert "database system is shut down" in "".join(
        log.read_text() for log in (data_dir / "postgres" / "log").glob("*.log")
    )
    assert user().urls() == urls
    assert kept_rows(urls[0]) == [(13,)]
    assert Redis.from_url(urls[1]).lrange("queue", 0, -1) == [b"message"]


def test_processes_that_start_at_the_same_moment_share_one_pair(
    user: Callable[..., User], data_dir: Path
) -> None:
    users = [user() for _ in range(3)]
    assert len({process.urls() for process in users}) == 1
    assert set(embedded.status(data_dir).users) == {process.process.pid for process in users}
    for process in users:
        process.leave()
    assert pids(data_dir) == {}


def test_after_kill_9_of_all_a_second_start_has_the_data(user: Callable[..., User], data_dir: Path) -> None:
    first = user()
    urls = first.urls()
    store_a_row(urls[0])
    first.kill()
    kill_servers(data_dir)
    second = user()
    assert second.urls() == urls
    assert kept_rows(urls[0]) == [(13,)]
    second.leave()
    assert pids(data_dir) == {}


def test_servers_that_a_killed_user_left_are_used_and_stopped_by_the_next(
    user: Callable[..., User], data_dir: Path
) -> None:
    first = user()
    urls = first.urls()
    left = pids(data_dir)
    first.kill()
    second = user()
    assert second.urls() == urls
    assert pids(data_dir) == left
    second.leave()
    assert pids(data_dir) == {}


def test_one_killed_server_is_started_again_beside_the_other(
    user: Callable[..., User], data_dir: Path
) -> None:
    urls = user().urls()
    before = pids(data_dir)
    os.kill(before["valkey"], signal.SIGKILL)
    assert user().urls() == urls
    after = pids(data_dir)
    assert after["postgres"] == before["postgres"]
    assert after["valkey"] != before["valkey"]


def test_a_backend_that_outlives_its_killed_postmaster_is_ended_first(
    user: Callable[..., User], data_dir: Path
) -> None:
    first = user()
    database_url = first.urls()[0]
    store_a_row(database_url)
    busy = psycopg2.connect(database_url, async_=True)
    while busy.poll() != psycopg2.extensions.POLL_OK:
        pass
    busy.cursor().execute("SELECT count(*) FROM generate_series(1, 1000000000000)")
    backend = busy.info.backend_pid
    first.kill()
    os.kill(pids(data_dir)["postgres"], signal.SIGKILL)
    assert kept_rows(user().urls()[0]) == [(13,)]
    assert not psutil.pid_exists(backend) or psutil.Process(backend).status() == psutil.STATUS_ZOMBIE


def test_a_port_that_a_stranger_took_meanwhile_is_given_up(user: Callable[..., User], data_dir: Path) -> None:
    first = user()
    urls = first.urls()
    store_a_row(urls[0])
    first.leave()
    ports = {server.name: server.port for server in embedded.status(data_dir).servers}
    with (
        socket.create_server(("127.0.0.1", ports["postgres"])),
        socket.create_server(("127.0.0.1", ports["valkey"])),
    ):
        second = user().urls()
    assert second[0] != urls[0]
    assert second[1] != urls[1]
    assert kept_rows(second[0]) == [(13,)]
    assert Redis.from_url(second[1]).ping()


def test_a_pid_that_belongs_to_another_process_by_now_is_left_in_peace(
    user: Callable[..., User], data_dir: Path, prefix: list[str]
) -> None:
    first = user()
    store_a_row(first.urls()[0])
    first.kill()
    kill_servers(data_dir)
    with subprocess.Popen([*prefix, "cat"], stdin=subprocess.PIPE) as stranger:
        for pid_file in (data_dir / "postgres" / "postmaster.pid", data_dir / "valkey" / "valkey.pid"):
            rest = pid_file.read_text().split("\n", 1)[1]
            pid_file.write_text(f"{stranger.pid}\n{rest}")
        second = user()
        assert kept_rows(second.urls()[0]) == [(13,)]
        second.leave()
        assert stranger.poll() is None


def test_a_broken_broker_dump_is_put_aside(user: Callable[..., User], data_dir: Path) -> None:
    user().leave()
    (data_dir / "valkey" / "dump.rdb").write_bytes(b"VALKEY broken")
    assert Redis.from_url(user().urls()[1]).dbsize() == 0
    assert [path.read_bytes() for path in (data_dir / "valkey").glob("dump.rdb.broken-*")] == [
        b"VALKEY broken"
    ]


def test_a_half_made_cluster_is_made_anew(user: Callable[..., User], home: Path, data_dir: Path) -> None:
    user().leave()
    (data_dir / "postgres").rename(data_dir / "postgres.new")
    (data_dir / "postgres.new" / "PG_VERSION").unlink()
    assert execute(user().urls()[0], "SELECT 1") == [(1,)]
    assert not (data_dir / "postgres.new").exists()


def test_a_fork_of_a_user_keeps_the_servers_alive(user: Callable[..., User], data_dir: Path) -> None:
    parent = user(FORK)
    urls = parent.urls()
    assert parent.line() == "child"
    parent.process.wait()
    assert execute(urls[0], "SELECT 1") == [(1,)]
    assert parent.error() == ""
    user().leave()
    assert pids(data_dir) == {}


def test_a_fork_that_ends_stops_nothing(user: Callable[..., User], data_dir: Path) -> None:
    parent = user(SPAWN)
    urls = parent.urls()
    assert parent.line() == "child left"
    assert execute(urls[0], "SELECT 1") == [(1,)]
    parent.leave()
    assert pids(data_dir) == {}


def test_stop_refuses_while_somebody_uses_the_servers_unless_forced(
    user: Callable[..., User], data_dir: Path
) -> None:
    process = user()
    process.urls()
    with pytest.raises(ServerFailed, match=f"used by processes {process.process.pid}"):
        embedded.stop(data_dir)
    assert set(pids(data_dir)) == {"postgres", "valkey"}
    embedded.stop(data_dir, force=True)
    assert pids(data_dir) == {}


def test_status_and_stop_of_a_directory_without_servers_do_nothing(tmp_path: Path) -> None:
    embedded.stop(tmp_path / "none")
    status = embedded.status(tmp_path / "none")
    assert [server.pid for server in status.servers] == [None, None]
    assert not (tmp_path / "none").exists()


def test_a_cluster_of_another_major_version_is_named_and_left_alone(
    user: Callable[..., User], data_dir: Path
) -> None:
    user().leave()
    (data_dir / "postgres" / "PG_VERSION").write_text("15\n")
    error = user().error()
    assert "was made by PostgreSQL 15" in error
    assert "set CROBOT_DATABASE_URL" in error
    assert pids(data_dir) == {}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"postgres": {"door": 1}}'])
def test_a_damaged_password_file_is_named(user: Callable[..., User], data_dir: Path, content: str) -> None:
    data_dir.mkdir(mode=0o755)
    shutil.chown(data_dir, data_dir.parent.stat().st_uid)
    (data_dir / "servers.json").write_text(content)
    (data_dir / "servers.json").chmod(0o644)
    assert f"{data_dir / 'servers.json'} holds the servers' passwords and is damaged" in user().error()


def test_a_lost_password_file_does_not_cost_the_database(user: Callable[..., User], data_dir: Path) -> None:
    user().leave()
    (data_dir / "servers.json").unlink()
    assert "restore it from a backup" in user().error()
    assert (data_dir / "postgres" / "PG_VERSION").exists()


def test_the_servers_own_complaint_is_in_the_error(user: Callable[..., User], data_dir: Path) -> None:
    user().leave()
    with (data_dir / "postgres" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    error = user().error()
    assert "the embedded PostgreSQL" in error
    assert 'invalid value for parameter "shared_buffers": "plenty"' in error
    assert pids(data_dir) == {}


def test_a_data_directory_that_cannot_be_made_is_named(prefix: list[str], home: Path) -> None:
    (home / "file").write_text("")
    error = User(home / "file" / "data", prefix).error()
    assert f"the data directory {home / 'file' / 'data'} cannot be used" in error
    assert "set CROBOT_DATABASE_URL and CROBOT_BROKER_URL" in error


def test_a_cluster_of_another_user_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    # only root can give a directory away; an ordinary user finds one that belongs to root
    owner = NOBODY if os.geteuid() == 0 else 0
    if owner:
        (tmp_path / "postgres").mkdir()
        os.chown(tmp_path / "postgres", owner, owner)
    else:
        (tmp_path / "postgres").symlink_to("/usr")
    with pytest.raises(ServerFailed, match=f"belongs to user {owner}: run CRobot as that user"):
        embedded.servers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_a_full_disk_is_named(user: Callable[..., User], data_dir: Path, prefix: list[str]) -> None:
    data_dir.mkdir()
    small = ["sh", "-c", 'mount -t tmpfs -o size=12m none "$0" && exec "$@"', str(data_dir)]
    error = user(within=[*AS_NAMESPACE_ROOT, *small]).error()
    assert "No space left on device" in error


def test_root_without_user_namespaces_is_told_the_ways_out(user: Callable[..., User]) -> None:
    none = ["sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
    error = user(within=[*AS_NAMESPACE_ROOT, *none]).error()
    assert "PostgreSQL does not run as root" in error
    assert "start CRobot as another user, or set CROBOT_DATABASE_URL" in error
