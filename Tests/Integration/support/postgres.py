"""A throwaway PostgreSQL: a cluster in a temporary folder, which tests may stop, restart and starve."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

from .server import find_binary, free_port


def find_binaries():
    """The folder of initdb and its kin: beside those on the PATH, or where Debian puts the newest version."""
    found = pathlib.Path(shutil.which("initdb") or "/").resolve().parent
    if all((found / program).exists() for program in ("initdb", "pg_ctl", "createdb", "psql")):
        return found
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not folders:
        raise RuntimeError("no initdb: install PostgreSQL's server")
    return folders[-1]


class Postgres:
    """A cluster with one database. `settings` go to postgresql.conf."""

    def __init__(self, **settings):
        self.binaries = find_binaries()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))
        self.port = free_port()
        self.uri = f"postgres://shopstream@127.0.0.1:{self.port}/shopstream"
        # The server refuses to run as root.
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.run("initdb", "-D", "data", "-U", "shopstream", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        lines = {"port": self.port, "listen_addresses": "'127.0.0.1'", "unix_socket_directories": f"'{self.folder}'"}
        with open(self.folder / "data" / "postgresql.conf", "a") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in {**lines, **settings}.items())
        self.start()
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "shopstream", "shopstream")

    def run(self, program, *arguments, check=True):
        identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run(
            [str(self.binaries / program), *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60,
            **identity,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done

    # Its life

    def start(self):
        # Not captured: the server keeps the descriptors that it is started with.
        self.run("pg_ctl", "-D", "data", "-w", "-t", "30", "-l", "server.log", "-s", "start")

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", "data", "-w", "-m", mode, "-s", "stop", check=False)

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    # What is in it

    SERVERS = "FROM pg_stat_activity WHERE application_name LIKE 'shopstream%' AND pid <> pg_backend_pid()"

    def sql(self, text, database="shopstream"):
        """Runs statements and returns their rows, each a list of texts."""
        done = subprocess.run(
            [str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
             self.uri.removesuffix("shopstream") + database],
            input=text, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def session(self, text):
        """Starts a client that runs `text` and then holds its session until its input is closed."""
        client = self.launch_session(text)
        assert client.stdout.readline().strip() == "holding"
        return client

    def launch_session(self, text):
        """The same without waiting: the client prints `holding`, or ends."""
        client = subprocess.Popen(
            [str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text, "-c",
             "\\echo holding", "-f", "-", self.uri],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        return client

    def exhaust(self, seconds=30):
        """Takes every connection there is, those of servers too, and returns the sessions that hold them."""
        holders = [self.session("SET timezone = UTC")]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # Several at a time: a server comes back for what it lost.
            clients = [self.launch_session("SET timezone = UTC") for _ in range(8)]
            held = [client for client in clients if client.stdout.readline().strip() == "holding"]
            for client in clients:
                if client not in held:
                    client.communicate()
            holders += held
            if len(held) < len(clients) and self.ask(holders[0], f"SELECT count(*) {self.SERVERS}") == "0":
                return holders
            self.ask(holders[0], f"SELECT count(pg_terminate_backend(pid)) {self.SERVERS}")
        raise AssertionError("servers have connections still")

    def ask(self, session, text):
        """Runs a statement in a session of `session` and returns its one line."""
        session.stdin.write(text + ";\n")
        session.stdin.flush()
        return session.stdout.readline().strip()

    def terminate_backends(self, where="true"):
        """Ends the connections of servers; returns how many."""
        rows = self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shopstream%' "
            f"AND pid <> pg_backend_pid() AND {where}"
        )
        return len(rows)

    def migrate(self, *arguments):
        return subprocess.run(
            [str(find_binary()), "migrate", "--store", self.uri, *arguments],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip


@contextlib.contextmanager
def migrated(**settings):
    """A cluster with our tables and these settings of the server; it is removed at the end."""
    postgres = Postgres(**settings)
    try:
        assert postgres.migrate().returncode == 0
        yield postgres
    finally:
        postgres.remove()
