"""A real PostgreSQL in a directory of its own, on a loopback port: for tests and measurements."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bridge.model.errors import BridgeError
from bridge.sandbox.ports import LOOPBACK, Port
from bridge.sandbox.process import Process, as_user

_OWNER = "sandbox"
_START_SECONDS = 30.0
_STEP_SECONDS = 60
_PAUSE = 0.03
_PROGRAMS = ("initdb", "postgres", "pg_isready", "psql")
#: Data that lives as long as a test run need not survive a power cut.
_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_SETTINGS = {
    "max_connections": "200",
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
}


class PostgresMissing(BridgeError):
    pass


class Postgres:
    """`start` makes the cluster when there is none. PostgreSQL refuses to be run by root:
    then an unprivileged user runs it, who must be able to enter `directory`.
    A `durable` one waits for the disk, as a real one does: for measurements."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self.directory = directory
        self._given = _SETTINGS if durable else {**_SETTINGS, **_FORGETFUL}
        self._password = secrets.token_hex(16)
        self._user = _unprivileged()
        directory.mkdir(parents=True, exist_ok=True)
        self._bin = _programs(directory, self._user)
        self._port = Port()
        log = directory / "postgres.log"
        self.process = Process("PostgreSQL", self._command(), log=log, user=self._user)

    def start(self) -> None:
        """Until it takes connections. Raises `ProcessFailed`, with its log's tail, if it does not."""
        if not (self.directory / "data").exists():
            self._initialise()
        self.process.start()
        self._await_ready()

    def stop(self) -> None:
        """Open connections are cut, as by an administrator's restart."""
        self.process.stop(signal.SIGINT)

    def kill(self) -> None:
        self.process.kill()

    def close(self) -> None:
        self.stop()
        self._port.close()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{_OWNER}:{self._password}@{LOOPBACK}:{self._port.number}/{database}"

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """Returns its URL. `template` must have no open connections."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def sql(self, statement: str) -> None:
        where = ["-h", LOOPBACK, "-p", str(self._port.number), "-U", _OWNER, "-d", "postgres"]
        self._run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, "-c", statement)

    def _command(self) -> list[str]:
        where = ["-D", str(self.directory / "data"), "-p", str(self._port.number)]
        settings = [
            part for name, value in self._given.items() for part in ("-c", f"{name}={value}")
        ]
        return [str(self._bin / "postgres"), *where, *settings]

    def _initialise(self) -> None:
        password = self.directory / "password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        for path in (self.directory, password):
            if self._user:
                shutil.chown(path, self._user)
        options = ["--auth=scram-sha-256", f"--pwfile={password}", f"--username={_OWNER}"]
        where = ["--pgdata", str(self.directory / "data")]
        self._run("initdb", *where, *options, "--encoding=UTF8", "--locale=C", "--no-sync")

    def _await_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        ready = [str(self._bin / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self._port.number)]
        while subprocess.run(ready, check=False, timeout=_STEP_SECONDS).returncode:
            if self.process.pid is None:
                raise self.process.failed(f"ended with exit code {self.process.exit_code}")
            if time.monotonic() > until:
                raise self.process.failed(f"took no connection within {_START_SECONDS:g} s")
            time.sleep(_PAUSE)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=_STEP_SECONDS,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGPASSWORD": self._password},
            cwd=self.directory,
            **as_user(self._user),
        )
        if done.returncode:
            raise BridgeError(f"{program} failed: {done.stderr.strip()}")


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _programs(directory: Path, user: str | None) -> Path:
    """Debian keeps the server's programs off PATH; the package `pgserver` brings its own."""
    packaged = _packaged()
    for folder in [*_installed(), *packaged]:
        if _runs(folder / "postgres", user):
            return folder
    if packaged:
        return _copied(packaged[0].parent.parent, directory)
    raise PostgresMissing(
        "There is no PostgreSQL here: install Debian's `postgresql`, or PyPI's `pgserver`."
    )


def _installed() -> list[Path]:
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *on_path]
    return [
        folder for folder in places if all((folder / program).exists() for program in _PROGRAMS)
    ]


def _packaged() -> list[Path]:
    package = importlib.util.find_spec("pgserver")
    return [Path(package.origin).parent / "pginstall" / "bin"] if package and package.origin else []


def _runs(program: Path, user: str | None) -> bool:
    try:
        command = [str(program), "--version"]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            timeout=_STEP_SECONDS,
            cwd="/",
            **as_user(user),
        )
    except OSError:
        return False
    return done.returncode == 0


def _copied(package: Path, directory: Path) -> Path:
    """Where the unprivileged user cannot reach (a project below /root), the programs go to the user."""
    for folder in (package, package.with_suffix(".libs")):
        shutil.copytree(folder, directory / folder.name, symlinks=True, dirs_exist_ok=True)
    return directory / package.name / "pginstall" / "bin"
