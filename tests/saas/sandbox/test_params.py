import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from saas.sandbox.stripe.errors import ApiError
from saas.sandbox.stripe.params import check, schema
from saas.sandbox.stripe.wire import decode
from tests.saas.sandbox.stand import Stand, request

CREATE = "checkout.SessionCreateParams"


def test_the_librarys_own_encoding_is_read_back() -> None:
    from stripe._encode import _api_encode

    params = request(customer_email="cleo@example.org", locale="en")
    checked = check(decode(urlencode(list(_api_encode(params)))), CREATE)
    assert checked == params


@pytest.mark.parametrize(
    "text, param",
    [
        ("unknown=1", "unknown"),
        ("payment_intent_data[amount]=1", "payment_intent_data[amount]"),
        ("line_items[0][price_data][product_data][nam]=x", "line_items[0][price_data][product_data][nam]"),
        ("custom_text[submit][messages]=x", "custom_text[submit][messages]"),
        ("payment_method_types[0]=card", "payment_method_types"),  # gone in this API version
        ("api_key=sk_test_x", "api_key"),  # an option of the call, not a parameter
    ],
)
def test_unknown_parameters_are_refused_at_every_depth(text: str, param: str) -> None:
    text = f"line_items[0][price_data][currency]=eur&{text}" if text.startswith("line_items") else text
    with pytest.raises(ApiError) as caught:
        check(decode(text), CREATE)
    assert (caught.value.code, caught.value.param) == ("parameter_unknown", param)


@pytest.mark.parametrize(
    "text, code, param",
    [
        ("line_items[0][price_data][unit_amount]=5", "parameter_missing", "line_items[0][price_data][currency]"),
        ("expires_at=tomorrow", "parameter_invalid_integer", "expires_at"),
        ("expires_at=1.5", "parameter_invalid_integer", "expires_at"),
        ("expires_at=" + "9" * 30, "parameter_invalid_integer", "expires_at"),
        ("success_url=", "parameter_invalid_empty", "success_url"),
        ("automatic_tax[enabled]=yes", None, "automatic_tax[enabled]"),
        ("submit_type=rob", None, "submit_type"),
        ("line_items=5", None, "line_items"),
        ("metadata=5", None, "metadata"),
        ("metadata[a][b]=5", None, "metadata[a]"),
        ("mode[x]=payment", None, "mode"),
        ("metadata[" + "k" * 41 + "]=v", None, "metadata[" + "k" * 41 + "]"),
        ("metadata[k]=" + "v" * 501, None, "metadata[k]"),
        ("&".join(f"metadata[k{n}]=v" for n in range(51)), None, "metadata"),
    ],
)
def test_missing_and_misshapen_parameters_are_refused(text: str, code: str | None, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(decode(text), CREATE)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, code, param)
    assert not caught.value.stored


@pytest.mark.parametrize("text", ["=1", "[a]=1", "a[b=1", "a]b=1", "a=1&a[b]=2", "a[b]=1&a[b][c]=2", "a%ff=1", "a" * 9])
def test_odd_names_are_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        decode(text)


@given(st.text(alphabet="ab[]=&%0123456789.é\x00", max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        check(decode(text), CREATE)
    except ApiError as error:
        json.dumps(error.body())


def test_every_endpoints_schema_is_there() -> None:
    from saas.sandbox.stripe.api import _ROUTES

    for rule in _ROUTES.iter_rules():
        required = schema(rule.endpoint.params).__required_keys__  # type: ignore[attr-defined]
        if not required:
            assert check({}, rule.endpoint.params) == {}


def test_the_library_sees_stripes_error(stand: Stand) -> None:
    params = request()
    params["line_items"][0]["price_data"]["product_data"]["colour"] = "blue"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand.client().v1.checkout.sessions.create(params)  # type: ignore[arg-type]
    assert caught.value.code == "parameter_unknown"
    assert caught.value.param == "line_items[0][price_data][product_data][colour]"
    assert "Received unknown parameter" in str(caught.value)
