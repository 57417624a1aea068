"""Sealed values open for their client, their row and their clinic, as long as the client's key is there."""

from __future__ import annotations

import base64
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from saas import sealing
from saas.crypto import NotSealedHere
from saas.db import new_id
from saas.keystore import KeyStore, KeysUnavailable
from saas.sealing import KeyErased, Keyring
from saas.tenancy import tenant_scope
from tests.cast import Clinic

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32, "old": b"o" * 32}
CLEO, TENANT = UUID(int=1), UUID(int=2)
ABOUT = f"client_note|text|{CLEO}"
WORDS = b"slept badly since the fall, heron-canary"


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    made = KeyStore(f"sqlite:///{tmp_path / 'keys.db'}")
    made.make()
    return made


def _everything(store: KeyStore) -> bytes:
    assert store.path is not None
    return b"".join(one.read_bytes() for one in store.path.parent.glob(f"{store.path.name}*"))


def test_a_value_opens_for_its_client_row_and_clinic_only(at_rowan: Clinic, thornfield: Clinic, app: Flask) -> None:
    cleo, iris = new_id(), new_id()
    sealed = sealing.seal_text(subject=cleo, about=ABOUT, text="a fall, long ago")
    assert b"fall" not in sealed
    assert sealing.unseal_text(subject=cleo, about=ABOUT, sealed=sealed) == "a fall, long ago"
    assert sealing.seal_text(subject=cleo, about=ABOUT, text="a fall, long ago") != sealed
    value = {"b": [1, None], "a": "é"}
    assert (
        sealing.unseal_value(subject=cleo, about="x", sealed=sealing.seal_value(subject=cleo, about="x", value=value))
        == value
    )
    with pytest.raises(NotSealedHere):
        sealing.unseal(subject=cleo, about="client_note|text|another row", sealed=sealed)
    for place in (0, 3, 8, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(NotSealedHere):
            sealing.unseal(subject=cleo, about=ABOUT, sealed=bytes(changed))
    sealing.make_keys([iris, cleo])
    with pytest.raises(NotSealedHere):
        sealing.unseal(subject=iris, about=ABOUT, sealed=sealed)
    with app.app_context(), tenant_scope(thornfield.ref):
        sealing.make_keys([cleo])
        with pytest.raises(NotSealedHere):
            sealing.unseal(subject=cleo, about=ABOUT, sealed=sealed)


def test_a_destroyed_key_is_gone_for_good(at_rowan: Clinic) -> None:
    cleo = new_id()
    sealed = sealing.seal(subject=cleo, about=ABOUT, data=WORDS)
    assert sealing.has_key(subject=cleo)
    for _time in range(2):
        sealing.destroy_key(subject=cleo)
        assert not sealing.has_key(subject=cleo)
    with pytest.raises(KeyErased):
        sealing.unseal(subject=cleo, about=ABOUT, sealed=sealed)
    with pytest.raises(KeyErased):
        sealing.seal(subject=cleo, about=ABOUT, data=WORDS)


def test_no_page_of_the_store_holds_a_destroyed_key(store: KeyStore) -> None:
    ring = Keyring(store, OLD)
    ring.make(TENANT, [UUID(int=place) for place in range(10, 40)])
    ring.seal(TENANT, CLEO, ABOUT, WORDS)
    (kept,) = store.client_keys(TENANT, [CLEO])
    assert kept.wrapped is not None
    assert kept.wrapped in _everything(store)
    ring.destroy(TENANT, [CLEO])
    assert kept.wrapped not in _everything(store)


def test_another_process_sees_an_erase_soon(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = Keyring(store, OLD), Keyring(store, OLD)
    sealed = here.seal(TENANT, CLEO, ABOUT, WORDS)
    assert there.unseal(TENANT, CLEO, ABOUT, sealed) == WORDS
    here.destroy(TENANT, [CLEO])
    with _later(monkeypatch, sealing.REMEMBERED_SECONDS + 0.1), pytest.raises(KeyErased):
        there.unseal(TENANT, CLEO, ABOUT, sealed)


def test_what_was_sealed_for_somebody_else_can_be_taken_over(at_rowan: Clinic) -> None:
    cleo, booking = new_id(), new_id()
    own = sealing.seal(subject=cleo, about=ABOUT, data=b"own")
    before = sealing.seal(subject=booking, about=ABOUT, data=b"before")
    for _time in range(2):
        sealing.adopt_keys(subject=cleo, of=booking)
    assert sealing.unseal(subject=cleo, about=ABOUT, sealed=before) == b"before"
    assert sealing.unseal(subject=cleo, about=ABOUT, sealed=own) == b"own"
    sealing.destroy_key(subject=cleo)
    for subject in (cleo, booking):
        with pytest.raises(KeyErased):
            sealing.unseal(subject=subject, about=ABOUT, sealed=before)


def test_nobody_loses_their_own_words_with_the_key_of_somebody_else(at_rowan: Clinic) -> None:
    """Details that were typed for one client and corrected to another: both have taken the booking's key over."""
    booking, first, second = new_id(), new_id(), new_id()
    sealing.seal(subject=booking, about=ABOUT, data=b"typed")
    for client in (first, second):
        sealing.adopt_keys(subject=client, of=booking)
    own = sealing.seal(subject=second, about=ABOUT, data=b"own")
    sealing.destroy_key(subject=first)
    assert sealing.unseal(subject=second, about=ABOUT, sealed=own) == b"own"


@contextmanager
def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[None]:
    import time

    at = time.monotonic() + seconds
    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", lambda: at)
        yield


def test_many_keys_are_made_and_fetched_together(store: KeyStore) -> None:
    subjects = [UUID(int=place) for place in range(1, 1203)]
    ring = Keyring(store, OLD)
    ring.make(TENANT, subjects)
    sealed = [ring.seal(TENANT, one, ABOUT, WORDS) for one in subjects]
    other = Keyring(store, OLD)
    other.fetch(TENANT, subjects)
    Path(str(store.path)).unlink()
    assert all(other.unseal(TENANT, one, ABOUT, kept) == WORDS for one, kept in zip(subjects, sealed, strict=True))


def test_a_new_master_key_takes_over_and_no_data_is_touched(store: KeyStore) -> None:
    old = Keyring(store, OLD)
    sealed = old.seal(TENANT, CLEO, ABOUT, WORDS)
    ((_tenant, _master, wrapped),) = store.tenant_keys()
    both = Keyring(store, NEW)
    assert both.rotate() == 1
    assert both.rotate() == 0
    assert wrapped not in _everything(store)
    only_new = Keyring(store, {"new": NEW["new"]})
    assert only_new.unseal(TENANT, CLEO, ABOUT, sealed) == WORDS
    assert list(only_new.check()) == []
    assert "lacks new" in "".join(Keyring(store, OLD).check())
    with pytest.raises(KeysUnavailable):
        Keyring(store, OLD).unseal(TENANT, CLEO, ABOUT, sealed)
    assert "is not under new" in "".join(Keyring(store, {"new": b"?" * 32}).check())


def test_a_lost_or_damaged_store_is_said_and_never_made_anew(tmp_path: Path, store: KeyStore) -> None:
    ring = Keyring(store, OLD)
    sealed = ring.seal(TENANT, CLEO, ABOUT, WORDS)
    whole = Path(str(store.path))
    with closing(sqlite3.connect(whole)) as line:
        line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    saved = whole.read_bytes()
    for broken in (None, b"", b"not a database at all" * 100, saved[:4096]):
        for one in tmp_path.iterdir():
            one.unlink()
        if broken is not None:
            whole.write_bytes(broken)
        ring = Keyring(KeyStore(f"sqlite:///{whole}"), OLD)
        with pytest.raises(KeysUnavailable):
            ring.unseal(TENANT, CLEO, ABOUT, sealed)
        with pytest.raises(KeysUnavailable):
            ring.seal(TENANT, CLEO, ABOUT, WORDS)
        assert whole.exists() == (broken is not None)
    whole.write_bytes(saved)
    assert Keyring(store, OLD).unseal(TENANT, CLEO, ABOUT, sealed) == WORDS


def test_what_was_sealed_before_a_kill_opens_after_it(store: KeyStore) -> None:
    """A key is durable before its row can be: whoever has a row has its key, whenever the process is killed."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        ring = Keyring(store, OLD)
        for number in range(1, 1000):
            sealed = ring.seal(TENANT, UUID(int=number), ABOUT, WORDS)
            os.write(theirs, number.to_bytes(2) + len(sealed).to_bytes(2) + sealed)
            if number == 20:
                os.kill(os.getpid(), signal.SIGKILL)
    os.close(theirs)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with os.fdopen(ours, "rb") as rows:
        for number in range(1, 21):
            assert int.from_bytes(rows.read(2)) == number
            sealed = rows.read(int.from_bytes(rows.read(2)))
            assert Keyring(store, OLD).unseal(TENANT, UUID(int=number), ABOUT, sealed) == WORDS


def test_a_second_process_goes_on_while_the_master_key_changes(store: KeyStore) -> None:
    """It has both master keys, as the runbook wants it, and a line to the store that it inherited and must not use."""
    sealed = Keyring(store, OLD).seal(TENANT, CLEO, ABOUT, WORDS)
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        before = Keyring(store, NEW).unseal(TENANT, CLEO, ABOUT, sealed)
        os.read(told, 1)
        after = Keyring(store, NEW).unseal(TENANT, CLEO, ABOUT, sealed)
        fresh = Keyring(store, NEW).seal(TENANT, UUID(int=77), ABOUT, WORDS)
        os._exit(0 if before == after == WORDS and fresh else 1)
    assert Keyring(store, NEW).rotate() == 1
    os.write(tell, b"!")
    assert os.waitpid(child, 0)[1] == 0
    assert list(Keyring(store, {"new": NEW["new"]}).check()) == []
    assert store.counts() == (1, 2, 0)


def test_the_commands_say_how_the_keys_are(at_rowan: Clinic, app: Flask) -> None:
    run = app.test_cli_runner().invoke
    sealing.seal(subject=CLEO, about=ABOUT, data=WORDS)
    assert run(args=["keys", "check"]).output.startswith("sound: ")
    assert "put under tests" in run(args=["keys", "rotate"]).output
    store = sealing.keyring().store
    app.extensions["longtide_keys"] = Keyring(store, OLD)
    told = run(args=["keys", "check"])
    assert (told.exit_code, "LONGTIDE_MASTER_KEYS lacks tests" in told.output) == (1, True)
    app.extensions["longtide_keys"] = Keyring(KeyStore("sqlite:////nowhere/keys.db"), OLD)
    for word in ("check", "rotate"):
        told = run(args=["keys", word])
        assert (told.exit_code, "the key store cannot be used" in told.output) == (1, True)


def test_the_store_is_readable_by_its_owner_only(store: KeyStore) -> None:
    Keyring(store, OLD).make(TENANT, [CLEO])
    assert {one.stat().st_mode & 0o077 for one in Path(str(store.path)).parent.iterdir()} == {0}


def test_keys_of_two_clinics_and_a_changed_one(store: KeyStore) -> None:
    ring = Keyring(store, OLD)
    ring.make(TENANT, [CLEO])
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as line, line:
        line.execute("UPDATE client_key SET subject = ?", (UUID(int=9).hex,))
    assert "was changed" in "".join(Keyring(store, OLD).check())


def test_master_keys_are_read_newest_first(tmp_path: Path) -> None:
    from saas.config import ConfigError, load_settings

    one, two = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    assert list(load_settings(master_keys=f"b:{two}, a:{one}").masters()) == ["b", "a"]
    for wrong in (one, "a:", f"a:{one[:20]}", f"a:{one},a:{two}", f"A:{one}"):
        with pytest.raises(ConfigError, match="LONGTIDE_MASTER_KEYS"):
            load_settings(master_keys=wrong)
    with pytest.raises(ConfigError, match="LONGTIDE_KEYS"):
        load_settings(data=tmp_path, database_url=f"sqlite:///{tmp_path.resolve() / 'keys.db'}")
    own = load_settings(data=tmp_path, master_keys="").masters()
    assert load_settings(data=tmp_path, master_keys="").masters() == own
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
