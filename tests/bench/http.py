"""`python -m tests.bench.http`: what a request costs gunicorn's workers in CPU time, beside a bare Flask application.

One run on one machine: gunicorn with our own configuration over SQLite, then over PostgreSQL, and bare Flask under the
same configuration; rounds of each take turns, so that noise falls on all alike. CPU time is read from the server's
processes (PostgreSQL's own are not counted), medians over the rounds. Requests a second and p99 are information: wrk if
it is here.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from saas import clock
from tests import databases
from tests.bench import crowd
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.stage import HOST, Stage, free_port, until
from wsgi import create_app

_numbers = count()


@dataclass(frozen=True)
class Size:
    """How much is asked. `reads` and `writes` are requests a round."""

    rounds: int = 7
    reads: int = 120
    writes: int = 60
    clinics: int = 1000
    bookings: int = 100
    load_seconds: int = 2


SMALL = Size(rounds=1, reads=3, writes=2, clinics=3, bookings=10, load_seconds=0)


@dataclass
class Row:
    """One line: CPU milliseconds a request, and what they are compared with (bare Flask, or one clinic)."""

    name: str
    budget: float | None
    against: str = "bare Flask"
    most: float | None = None
    took: list[float] = field(default_factory=list)
    base: list[float] = field(default_factory=list)
    load: str = ""

    @property
    def milliseconds(self) -> float:
        return median(self.took)

    @property
    def ratio(self) -> float:
        """The median of the rounds' own ratios."""
        return median(took / max(base, 1e-9) for took, base in zip(self.took, self.base, strict=True))

    @property
    def passed(self) -> bool:
        cheap = self.budget is None or self.milliseconds <= self.budget
        return cheap and (self.most is None or self.ratio <= self.most)


class Server(Stage):
    """Gunicorn over one database, or over bare Flask, and a line to it."""

    def start_bare(self) -> None:
        """The application it is all compared with."""
        bind = f"{HOST}:{self.web_port}"
        options = ("-c", "deploy/gunicorn.conf.py", "--bind", bind, "--log-level", "warning")
        self._start("web", sys.executable, "-m", "gunicorn", *options, "tests.bench.bare:app")
        until(self._answers, "bare Flask answers")

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """One request on a new line."""
        line = http.client.HTTPConnection(HOST, self.web_port, timeout=60)
        try:
            return send(line, method, path, body)
        finally:
            line.close()

    def cpu(self) -> float:
        """Seconds of CPU time its workers have used: by the nanosecond where the kernel tells it thread by thread
        (Linux), else in the ticks of 10 ms that every system counts."""
        workers = psutil.Process(self.running["web"].pid).children()
        threads = [thread for worker in workers for thread in Path(f"/proc/{worker.pid}/task").glob("*/schedstat")]
        if threads:
            return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9
        return float(sum(times.user + times.system for times in (worker.cpu_times() for worker in workers)))

    def cost(self, requests: list[tuple[str, str, object]], *, wanted: int = 200) -> float:
        """CPU milliseconds of each of these requests, sent one after another on one line."""
        line = http.client.HTTPConnection(HOST, self.web_port, timeout=60)
        before = self.cpu()
        for method, path, body in requests:
            status, answer = send(line, method, path, body)
            if status != wanted:
                raise AssertionError(f"{method} {path.partition('?')[0]}: {status} {answer[:300]!r}")
        spent = self.cpu() - before
        line.close()
        return spent / len(requests) * 1000


def send(line: http.client.HTTPConnection, method: str, path: str, body: object) -> tuple[int, bytes]:
    """One request on this line."""
    text = None if body is None else json.dumps(body)
    headers = {} if body is None else {"Content-Type": "application/json", "Idempotency-Key": f"bench-{next(_numbers)}"}
    line.request(method, path, text, headers)
    answer = line.getresponse()
    return answer.status, answer.read()


@dataclass
class Setting:
    """Servers over one kind of database: one clinic, many clinics, bare Flask."""

    one: Server
    many: Server
    bare: Server
    one_database: SqliteFile | PostgresDatabase
    many_database: SqliteFile | PostgresDatabase
    slugs: list[str]
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def month(self, slug: str) -> str:
        """The address of a month of openings."""
        first = (self.now + timedelta(days=1)).date()
        return f"/c/{slug}/api/v1/openings?service={crowd.HALF_HOURS}&from={first}&to={first + timedelta(days=31)}"

    def anyone(self) -> str:
        """A clinic drawn at random."""
        return self.chance.choice(self.slugs)

    def book(self, slugs: list[str], service: str) -> list[tuple[str, str, object]]:
        """Bookings of free times beyond the month, each by somebody new."""
        times: dict[str, Iterator[str]] = {}
        asked: list[tuple[str, str, object]] = []
        for slug in slugs:
            start = next(times.setdefault(slug, self._free_times()))
            person = {"name": "Cleo North", "email": f"cleo{next(_numbers)}@client.example"}
            body = {"service": service, "starts_at": start, "client": person, "accept_policy": True}
            asked.append(("POST", f"/c/{slug}/api/v1/bookings", body))
        return asked

    def _free_times(self) -> Iterator[str]:
        for start in crowd.month_starts(self.now + timedelta(days=31)):
            if start < self.now + timedelta(days=59):
                yield start.isoformat()

    def clear(self, database: SqliteFile | PostgresDatabase) -> None:
        """Make the times of `book` free again."""
        crowd.clear_after(database, datetime.combine((self.now + timedelta(days=32)).date(), datetime.min.time(), UTC))


def run(kind: str, size: Size, folder: Path) -> list[Row]:
    """Measure over one kind of database (sqlite, postgresql)."""
    with _setting(kind, size, folder) as setting:
        bounded = kind == "sqlite"
        rows = {
            "openings": Row("month of openings as JSON", 1.5 if bounded else None),
            "times": Row("time page", 3.0 if bounded else None),
            "book": Row("booking paid at the clinic, by the API", 5.0 if bounded else None),
            "checkout": Row("booking and checkout call, by the API", None),
        }
        crowded = {
            name: Row(f"{rows[name].name}: {size.clinics:,} clinics", None, "one clinic", 1.15)
            for name in ("openings", "times", "book")
        }
        for number in range(size.rounds + 1):
            _round(setting, size, rows, crowded, warm=number == 0)
        for name, path in (("openings", setting.month("rowan")), ("times", f"/c/rowan/book/{crowd.HALF_HOURS}")):
            rows[name].load = _load(setting.one, path, size)
    return [*rows.values(), *crowded.values()]


def _round(setting: Setting, size: Size, rows: dict[str, Row], crowded: dict[str, Row], *, warm: bool) -> None:
    reads = 1 if warm and size.reads < 10 else size.reads
    one, many, chance = setting.one, setting.many, setting.anyone
    clinics = [chance() for _ in range(reads)]
    page = f"book/{crowd.HALF_HOURS}"

    def get(paths: list[str]) -> list[tuple[str, str, object]]:
        return [("GET", path, None) for path in paths]

    # CPU time is counted in ticks of 10 ms, so what is cheap is asked more often.
    found = {"bare": setting.bare.cost(get(["/"] * (reads * 5)))}
    found["openings"] = one.cost(get([setting.month("rowan")] * reads))
    found["many openings"] = many.cost(get([setting.month(slug) for slug in clinics]))
    found["times"] = one.cost(get([f"/c/rowan/{page}"] * reads))
    found["many times"] = many.cost(get([f"/c/{slug}/{page}" for slug in clinics]))
    found["book"] = one.cost(setting.book(["rowan"] * size.writes, crowd.HALF_HOURS), wanted=201)
    found["many book"] = many.cost(setting.book([chance() for _ in range(size.writes)], crowd.HALF_HOURS), wanted=201)
    setting.clear(setting.one_database)
    setting.clear(setting.many_database)
    found["checkout"] = one.cost(setting.book(["rowan"] * max(2, size.writes // 4), crowd.PAID), wanted=201)
    setting.clear(setting.one_database)
    if warm:
        return
    for name, row in rows.items():
        row.took.append(found[name])
        row.base.append(found["bare"])
    for name, row in crowded.items():
        row.took.append(found[f"many {name}"])
        row.base.append(found[name])


def _load(server: Server, path: str, size: Size) -> str:
    """Requests a second and p99 with eight at once; empty where nothing is asked for."""
    if not size.load_seconds:
        return ""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _load_here(server, path, size)
    said = subprocess.run(
        [wrk, "-t1", "-c8", f"-d{size.load_seconds}s", "--latency", f"http://{HOST}:{server.web_port}{path}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    rate, late = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+(\S+)", said)
    return f"{float(rate[1]):.0f}/s, p99 {late[1]}" if rate and late else ""


def _load_here(server: Server, path: str, size: Size) -> str:
    line = http.client.HTTPConnection(HOST, server.web_port, timeout=60)
    took: list[float] = []
    while sum(took) < size.load_seconds:
        begun = perf_counter()
        send(line, "GET", path, None)
        took.append(perf_counter() - begun)
    line.close()
    return f"{len(took) / sum(took):.0f}/s, p99 {sorted(took)[int(len(took) * 0.99)] * 1000:.0f}ms (one line)"


@contextmanager
def _setting(kind: str, size: Size, folder: Path) -> Iterator[Setting]:
    now = clock.now()
    made: list[tuple[SqliteFile | PostgresDatabase, Clinic]] = []
    cleanups: list[Callable[[], None]] = []
    servers: list[Server] = []
    try:
        for name in ("one", "many"):
            place = folder / f"{kind}-{name}"
            place.mkdir(parents=True)
            database = _database(kind, name, place, cleanups)
            app = create_app(database.settings)
            clinic = crowd.one_clinic(app, database, bookings=size.bookings, now=now)
            made.append((database, clinic))
            servers.append(Server(str(database.settings.database), database.settings.key_store, place))
        slugs = crowd.add_clinics(made[1][0], made[1][1], count=size.clinics - 1)
        bare = Server(servers[0].database_url, servers[0].keys, folder / f"{kind}-one")
        bare.web_port = free_port()
        bare.start_bare()
        servers.append(bare)
        for server in servers[:2]:
            server.start_web()
        servers[0].start_sandbox()
        yield Setting(servers[0], servers[1], bare, made[0][0], made[1][0], slugs, now)
    finally:
        for server in servers:
            server.stop_all()
        for cleanup in cleanups:
            cleanup()


def _database(kind: str, name: str, place: Path, cleanups: list[Callable[[], None]]) -> SqliteFile | PostgresDatabase:
    if kind == "sqlite":
        return SqliteFile(place, create_app)
    url = databases.admin_url()
    assert url is not None
    database = PostgresDatabase(place, create_app, f"bench_{name}", url)
    cleanups.append(database.drop)
    return database


def table(kind: str, rows: list[Row]) -> str:
    """The rows as text."""
    lines = [f"{f'gunicorn on {kind}: CPU of its workers':<66}{'ms':>8}{'budget':>8}{'times':>7}  against"]
    for row in rows:
        budget = "" if row.budget is None else f"{row.budget:g}"
        most = "" if row.most is None else f" (at most {row.most:g})"
        verdict = "ok" if row.passed else "MISSED"
        lines.append(
            f"{row.name:<66}{row.milliseconds:>8.2f}{budget:>8}{row.ratio:>7.2f}  {row.against}{most}  {verdict}"
            + (f"  [{row.load}]" if row.load else "")
        )
    if rows:
        lines.append(f"{'bare Flask in the same rounds':<66}{median(rows[0].base):>8.2f}")
    return "\n".join(lines)


def measure(size: Size) -> list[tuple[str, list[Row]]]:
    """Both databases; PostgreSQL where there is one."""
    databases.begin_run()
    try:
        with tempfile.TemporaryDirectory(prefix="longtide-bench-") as folder:
            Path(folder).chmod(0o755)
            kinds = ["sqlite"] + (["postgresql"] if databases.admin_url() else [])
            return [(kind, run(kind, size, Path(folder))) for kind in kinds]
    finally:
        databases.end_run()


if __name__ == "__main__":
    for kind_, rows_ in measure(Size()):
        print(table(kind_, rows_), flush=True)
