"""Staging: a real PostgreSQL with the runbook's roles, the units' own command lines, mail by SMTP, the same walk."""

from __future__ import annotations

import json
import re
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.databases import quick_folder
from tests.proofs.stage import until
from tests.walks.house import ROOT, House
from tests.walks.staging import (
    PASSWORD,
    MailHost,
    Staging,
    address,
    mail_host,
    postgres,
    prepare,
    run_roles,
    tool,
    unit,
)
from tests.walks.steps import Walker, book_and_pay, the_main_walk, the_owner_sees_it, walker_in

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("staging")]


@dataclass(frozen=True)
class Installed:
    """A staging with its tables, and its mail host; nothing runs yet. `doctor`: what the doctor said on the way."""

    staging: Staging
    mails: MailHost
    doctor: dict[str, list[str]]
    admin: str


@dataclass(frozen=True)
class Standing:
    """A staging that runs, and its mail host."""

    staging: Staging
    mails: MailHost
    house: House
    admin: str

    def mails_to(self, walker: Walker, email: str, subject: re.Pattern[str]) -> int:
        """How many mails came, waiting until there is one."""
        del walker
        until(lambda: bool(self.mails.to(email, subject)), f"a mail to {email}")
        return len(self.mails.to(email, subject))


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """Sections 2.2 to 2.9 of the runbook, in its order; this far: roles, settings, tables."""
    with tempfile.TemporaryDirectory(prefix="staging-", dir=quick_folder()) as name, mail_host() as mails:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL does not run as root
        (folder / "pg").mkdir()
        with postgres(folder / "pg") as admin:
            run_roles(admin)
            staging = prepare(folder, admin, mails.port)
            doctor = {"empty": said_by_doctor(staging)}
            owner = address(admin, "longtide_owner")
            assert staging.flask("db upgrade", LONGTIDE_DATABASE_URL=owner).returncode == 0
            doctor["owner"] = said_by_doctor(staging, LONGTIDE_DATABASE_URL=owner)
            try:
                yield Installed(staging, mails, doctor, admin)
            finally:
                staging.stop()


@pytest.fixture(scope="module")
def furnished(installed: Installed) -> Installed:
    """The next steps: two clinics and an operator."""
    staging = installed.staging
    assert staging.flask("demo").returncode == 0
    odo = staging.flask("operator create odo@example.com --password-stdin", said=f"{PASSWORD}\n")
    assert odo.stdout == "odo@example.com: operator\n"
    return installed


@pytest.fixture(scope="module")
def standing(furnished: Installed) -> Standing:
    """And the last: everything runs."""
    staging = furnished.staging
    staging.start_units()
    staging.start("sandbox", [unit("worker")[0][0], "-m", "flask", "--app", "wsgi", "sandbox"], {})
    until(lambda: status_of(f"{staging.base}/readyz") == 200, "the pages are ready")
    until(lambda: status_of(f"{staging.sandbox_url}/_state") == 200, "the sandbox is ready")
    until(lambda: beats(staging), "the worker was seen")
    facts = json.loads((staging.folder / "data" / "demo.json").read_text(encoding="utf-8"))
    house = House(staging.base, staging.folder / "data", facts)
    return Standing(staging, furnished.mails, house, furnished.admin)


def beats(staging: Staging) -> bool:
    with urllib.request.urlopen(f"{staging.base}/metrics", timeout=30) as answer:
        return "heartbeat_age_seconds +Inf" not in answer.read().decode()


def said_by_doctor(staging: Staging, **instead: str) -> list[str]:
    done = staging.flask("doctor", **instead)
    lines = done.stdout.splitlines()
    assert done.returncode == (0 if lines == ["all is well"] else 1), done.stderr
    return [line for line in lines if line != "all is well"]


def status_of(url: str, *, patience: float = 5) -> int:
    try:
        with urllib.request.urlopen(url, timeout=patience) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def test_the_doctor_of_an_installation_names_what_is_missing(installed: Installed) -> None:
    migrate = "the database is not at this version's migration: run flask --app wsgi db upgrade"
    assert installed.doctor["empty"] == [migrate]
    owner = installed.doctor["owner"]
    assert len(owner) == 3
    assert "longtide_owner has BYPASSRLS" in owner[0]
    assert "longtide_owner owns" in owner[1]
    assert owner[2] == "there is no platform yet: start flask --app wsgi worker once"


def test_the_doctor_misses_only_the_worker_before_the_start(furnished: Installed) -> None:
    assert said_by_doctor(furnished.staging) == ["no worker is running: start flask --app wsgi worker"]


def test_the_doctor_has_nothing_to_say_of_what_runs(standing: Standing) -> None:
    assert said_by_doctor(standing.staging) == []


@pytest.fixture(params=["script on", "script off"])
def walker(request: pytest.FixtureRequest, browser: Browser, standing: Standing) -> Iterator[Walker]:
    found = walker_in(browser, standing.house, script=request.param == "script on")
    yield found
    found.page.context.close()


@pytest.mark.browser
def test_the_main_walk_in_staging(walker: Walker, standing: Standing) -> None:
    email = f"maya.{'on' if walker.script else 'off'}@example.com"
    the_main_walk(walker, email, standing.mails_to)
    standing.mails_to(walker, email, re.compile("cancel|refund", re.IGNORECASE))
    came = standing.mails.to(email)
    assert len({mail["Message-ID"] for mail in came}) == len(came)
    assert all(mail["From"].addresses[0].addr_spec == "no-reply@book.example" for mail in came)
    expect(walker.page.get_by_text("Demo: no money moves")).to_be_visible()


@pytest.mark.browser
def test_the_owner_sees_the_booking_in_staging(browser: Browser, standing: Standing) -> None:
    """Over plain loopback the cookies have their plain names, and still no script or stranger gets them: the session's,
    and the mark by which this device is known at the next log-in."""
    walker = walker_in(browser, standing.house, script=True)
    book_and_pay(walker, "seen@example.com")
    the_owner_sees_it(walker)
    cookies = [one for one in walker.page.context.cookies() if one["name"].startswith("lt-")]
    walker.page.context.close()
    names = sorted(one["name"] for one in cookies)
    assert re.fullmatch(r"lt-[0-9a-f]{8} lt-[0-9a-f]{8}-known", " ".join(names))
    for one in cookies:
        assert (one["httpOnly"], one["secure"], one["sameSite"]) == (True, False, "Lax")


def test_a_new_clinic_has_its_owner_told_by_mail(standing: Standing) -> None:
    made = standing.staging.flask(
        "tenant create reed-house --name 'Reed House' --zone Europe/Lisbon --currency EUR --country PT"
        " --owner rui@reed.example --stripe-account acct_reed0001"
    )
    assert made.stdout == f"reed-house: {standing.staging.base}/c/reed-house/\n", made.stderr
    assert "reed-house\tactive\tReed House" in standing.staging.flask("tenant list").stdout
    assert status_of(f"{standing.staging.base}/c/reed-house/") == 200
    until(lambda: bool(standing.mails.to("rui@reed.example")), "a mail to the owner")
    text = standing.mails.to("rui@reed.example")[0].get_body(("plain",))
    assert text is not None
    link = re.search(rf"{re.escape(standing.staging.base)}/c/reed-house/\S+", text.get_content())
    assert link is not None
    assert status_of(link.group(0)) == 200


def test_the_headers_of_plain_loopback(standing: Standing) -> None:
    with urllib.request.urlopen(f"{standing.staging.base}/c/still-water/", timeout=60) as answer:
        headers = answer.headers
    assert "Strict-Transport-Security" not in headers
    assert "Set-Cookie" not in headers
    assert "script-src" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_staging_has_no_mailbox_and_tells_machines_of_this_one_its_figures(standing: Standing) -> None:
    assert status_of(f"{standing.staging.base}/mailbox") == 404
    assert status_of(f"{standing.staging.base}/metrics") == 200
    assert status_of(f"{standing.staging.base}/healthz") == 200


def test_a_reload_takes_no_page_away(standing: Standing) -> None:
    """`systemctl reload` is SIGHUP to gunicorn's master: the old workers finish; who comes meanwhile waits."""
    web = standing.staging.children["web"]
    before = _children(web.pid)
    web.send_signal(signal.SIGHUP)
    seen: list[int] = []

    def renewed() -> bool:
        seen.append(status_of(f"{standing.staging.base}/healthz", patience=60))
        now = _children(web.pid)
        return len(now) == 2 and not now & before

    until(renewed, "both workers are new", every=0.1)
    assert set(seen) == {200}


def _children(pid: int) -> set[int]:
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_a_backup_comes_back(standing: Standing) -> None:
    """Section 6 of the runbook, in its words; and no dump says where somebody is reached. The last test here: it stops
    what runs."""
    staging = standing.staging
    owner, admin = address(standing.admin, "longtide_owner"), standing.admin
    dump = staging.folder / "longtide.dump"
    tool("pg_dump", "--format=custom", "--no-owner", f"--file={dump}", owner)
    tool("pg_dump", f"--file={staging.folder / 'plain.sql'}", owner)
    plain = (staging.folder / "plain.sql").read_text(encoding="utf-8")
    assert "@example.com" not in plain.replace("odo@example.com", "")
    staging.stop()
    tool("psql", admin, "-c", "ALTER DATABASE longtide RENAME TO longtide_broken")
    run_roles(admin)
    there = address(admin, "postgres")
    restore = ("--exit-on-error", "--no-owner", "--no-comments", "--role=longtide_owner", f"--dbname={there}")
    tool("pg_restore", *restore, str(dump))
    assert (ROOT / "migrations/.head").read_text().strip() in staging.flask("db current").stdout
    assert "still-water\tactive" in staging.flask("tenant list").stdout
    assert staging.flask("keys check").stdout.startswith("sound: ")
    said = said_by_doctor(staging)
    assert [line for line in said if "overdue" not in line and "no worker" not in line] == []
