"""Published files, when they are there: LONGTIDE_FHIR_SAMPLES names their folder, or it lies beside the repository.

None of them is kept here, for their wording is somebody else's. What they must show is shown with invented wording
too, in `test_fhir_read.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tenants.intake.fhir_compare import Brought, bring, totals
from tenants.intake.fhir_json import NotReadable
from tenants.intake.fhir_read import read_form
from tenants.intake.fhir_response import read_response
from tenants.intake.registry import SELF_HARM
from tenants.intake.scores import Score
from tests.house.tree import ROOT
from tests.tenants.intake import fsh
from tests.tenants.intake.made import packed

BESIDE = ROOT.parent / "shared" / "fhir" / "cc0"
SYSTEM = "http://hl7.org/fhir/uv/sdc/CodeSystem/CSPHQ9"


@pytest.fixture(scope="module")
def samples() -> Path:
    folder = Path(os.environ.get("LONGTIDE_FHIR_SAMPLES", BESIDE))
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        return Path(__file__).parent / "no-samples"
    pytest.skip("published FHIR files are missing; set LONGTIDE_FHIR_SAMPLES to a folder that holds them")


def _pair(samples: Path, form: str, response: str) -> tuple[Brought, Score, float | None] | None:
    if not (samples / form).is_file():
        return None
    brought = bring(read_form((samples / form).read_bytes()))
    read = read_response((samples / response).read_bytes(), brought.form)
    (one,) = totals(brought.form, read.answers, read.stated)
    return brought, one.score, one.stated


def _remarks(brought: Brought, code: str) -> list[str]:
    return [remark.where for remark in brought.remarks if remark.code == code]


def test_the_us_core_pair_totals_12(samples: Path) -> None:
    found = _pair(
        samples, "us-core-Questionnaire-phq-9-example.json", "us-core-QuestionnaireResponse-phq-9-example.json"
    )
    if found:
        brought, score, stated = found
        assert (score.total, stated, score.band) == (12, 12, "moderate")
        assert not brought.stops
        assert not _remarks(brought, "changed-wording")


def test_the_cqframework_pair_is_reported_as_missing_its_ninth_item(samples: Path) -> None:
    found = _pair(
        samples, "cqframework-Questionnaire-phq-9-questionnaire.json", "cqframework-QuestionnaireResponse-phq-9.json"
    )
    if found:
        brought, score, stated = found
        assert _remarks(brought, "missing-item") == [SELF_HARM]
        assert (score.total, score.why_not, stated) == (None, "missing-items", 3)
        assert brought.stops, "its options are kept elsewhere"


@pytest.mark.parametrize("name", ["hl7-pco-Questionnaire-GAD7.json", "hl7-pco-Questionnaire-PHQ9.json"])
def test_the_loinc_exports_cannot_be_scored_until_somebody_says_by_order(samples: Path, name: str) -> None:
    if (samples / name).is_file():
        brought = bring(read_form((samples / name).read_bytes()))
        (one,) = totals(brought.form, {}, {})
        assert (one.score.total, one.score.why_not) == (None, "no-scores")
        assert brought.lacks_scores
        assert not brought.stops


def test_hl7s_sdc_response_states_13_where_we_compute_10(samples: Path) -> None:
    """They are written in FHIR Shorthand; the value set that they name is the whole code system beside them."""
    names = {"CodeSystemCSPHQ9": SYSTEM, "$loinc": "http://loinc.org"}
    if not (samples / "hl7-sdc-CodeSystemCSPHQ9.fsh").is_file():
        return

    def made(name: str, kind: str) -> dict[str, Any]:
        return {"resourceType": kind, **fsh.instance((samples / name).read_text(), systems=names)}

    values = {"resourceType": "ValueSet", "id": "VSPHQ9", "compose": {"include": [{"system": SYSTEM}]}}
    system = fsh.code_system((samples / "hl7-sdc-CodeSystemCSPHQ9.fsh").read_text(), url=SYSTEM)
    form = made("hl7-sdc-questionnaire-sdc-profile-example-PHQ9.fsh", "Questionnaire")
    form["contained"] = [values, system]
    brought = bring(read_form(packed(form)))
    assert not brought.stops
    assert _remarks(brought, "expression")
    response = made("hl7-sdc-questionnaireresponse-sdc-profile-example-PHQ9.fsh", "QuestionnaireResponse")
    read = read_response(packed(response), brought.form)
    (one,) = totals(brought.form, read.answers, read.stated)
    assert (one.stated, one.score.total, one.differs) == (13, 10, True)
    assert any(item.acute for item in brought.form.parts[0].sections[0].items[0].items), "known by its wording"


def test_every_published_file_is_read_or_refused_in_words(samples: Path) -> None:
    forms: dict[str, Brought] = {}
    responses = []
    for path in sorted(samples.rglob("*.json")) if samples.is_dir() else []:
        kind = json.loads(path.read_bytes()).get("resourceType")
        if kind == "Questionnaire":
            brought = bring(read_form(path.read_bytes()))
            forms[brought.read.url] = brought
        elif kind == "QuestionnaireResponse":
            responses.append(path)
        else:
            with pytest.raises(NotReadable):
                read_form(path.read_bytes())
    for path in responses:
        url = json.loads(path.read_bytes())["questionnaire"].split("|")[0]
        if url in forms:
            read = read_response(path.read_bytes(), forms[url].form)
            assert read.answers or forms[url].stops
            assert not {remark.code for remark in read.remarks} & {"unknown-question"}
