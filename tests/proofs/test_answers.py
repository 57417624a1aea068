"""kill -9 of the web process at a question: nothing a client was told is saved is lost, nothing is there twice."""

from __future__ import annotations

import random
import re
import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from saas import clock
from saas.tenancy import tenant_scope
from tenants.intake.answer_rows import history_of
from tenants.intake.queries import answers_of
from tests.proofs.clinic import proving_clinic, working_days
from tests.proofs.record import show, sized
from tests.proofs.stage import Stage, pause
from tests.tenants.bookings.scenes import CLEO, only_sqlite
from tests.tenants.intake.asked import HEALTHY, asked, fresh, link_of

KILLS = sized(1, 23)
SEED = 20261123
ANSWERS = {
    "a.who": "me", "b.pref": "Cleo", "c.goal": "to sleep", "c.stress_worse": "often", "g.stress": "7",
    "g.tension": "3", "h.interest": "open", "h.signal": "pause", **{f"d.{one}": "not-sure" for one in HEALTHY},
}  # fmt: skip


class Client:
    """Somebody answering, one question after another; a line that breaks is tried again."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token = ""
        self.broken = 0

    def answer(self, key: str, value: str) -> bool:
        """Whether the server said that it is saved."""
        data = {"form_token": self.token, "k": key, key: value}
        try:
            if not self.token:
                page = requests.get(f"{self.address}/part/about", timeout=10)
                found = re.search(r'name="form_token" value="([^"]+)"', page.text)
                assert found is not None
                data["form_token"] = self.token = found[1]
            told = requests.post(f"{self.address}/save", data=data, timeout=10)
        except requests.RequestException:
            self.broken += 1
            return False
        return told.status_code == 200 and not told.json()["faults"]


@pytest.mark.proof
@only_sqlite
def test_kills_at_every_question_lose_no_answer(app: Flask, stage: Stage) -> None:
    now = clock.now()
    with app.app_context():
        clinic = proving_clinic(now)
        with tenant_scope(clinic.ref):
            clinic.services["desk"] = clinic.services["race"]
            day = list(working_days(now))[3]
            intake = asked(clinic, at=(day + timedelta(hours=10)), who=CLEO, now=now)
            intake_id, link = intake.id, link_of(intake)
    stage.start_web()
    client, chance = Client(f"{stage.base_url}/c/rowan{link}"), random.Random(SEED)
    killed = set(chance.sample(sorted(ANSWERS), min(KILLS, len(ANSWERS))))
    for key, value in ANSWERS.items():
        if key in killed:
            sending = threading.Thread(target=client.answer, args=(key, value))
            sending.start()
            pause(chance.uniform(0, 0.03))
            stage.kill("web")
            sending.join()
            stage.start_web()
        while not client.answer(key, value):
            pause(0.02)
    with app.app_context(), tenant_scope(clinic.ref):
        row = fresh(intake_id)
        stands = {key: str(one.value) for key, one in answers_of(row).items()}
        lost = {key for key, value in ANSWERS.items() if stands.get(key) != value}
        rows = len(history_of(row))
    where = f"{len(killed)} kills at {len(ANSWERS)} questions"
    show(f"{where}: answers lost", seen=str(len(lost)), bound="0", ok=not lost)
    show(f"{where}: rows", seen=str(rows), bound=str(len(ANSWERS)), ok=rows == len(ANSWERS))
