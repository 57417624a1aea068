"""The script that people run against their own test keys, run here against the sandbox."""

import pytest

from deploy import stripe_check
from saas.stripe_values import CheckoutSession
from tests.saas.sandbox.stand import KEY, ROWAN, Stand


def test_the_whole_flow_passes_against_the_sandbox(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    def pay(session: CheckoutSession) -> None:
        stand.press(session, "pay")

    check = stripe_check.Check(stand.gateway(), ROWAN, "EUR", pay)
    assert check.all()
    said = capsys.readouterr().out
    assert "FAILED" not in said
    assert said.count("ok ") == 16


def test_it_notices_what_differs(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    check = stripe_check.Check(stand.gateway(), ROWAN, "EUR", lambda _session: None)
    assert not check.all()
    assert "FAILED the session is paid" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["", "sk_live_abc", "rk_live_abc", "pk_test_abc"])
def test_other_than_test_keys_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="test key"):
        stripe_check.settings({"STRIPE_SECRET_KEY": key, "STRIPE_ACCOUNT": ROWAN})


def test_an_account_is_needed() -> None:
    with pytest.raises(ValueError, match="STRIPE_ACCOUNT"):
        stripe_check.settings({"STRIPE_SECRET_KEY": KEY})
    found = stripe_check.settings({"STRIPE_SECRET_KEY": KEY, "STRIPE_ACCOUNT": ROWAN, "STRIPE_API_BASE": "http://x"})
    assert found.api_base == "http://x"
