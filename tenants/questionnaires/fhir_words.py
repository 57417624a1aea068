"""What the report on a file says, remark by remark; and files on their way from one page to the next."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from saas.words import _
from saas.words import later as _l
from tenants.intake.fhir_json import MAX_BYTES, NotReadable, Remark

LEVELS = {
    "stop": _l("This keeps the form out"),
    "look": _l("Please look at these"),
    "note": _l("Good to know"),
}
REMARKS: dict[str, Any] = {
    # What keeps a form out.
    "nothing-asked": _l("The file asks nothing."),
    "many-options": _l("There are more than %(known)s answers to choose from."),
    "options-elsewhere": _l(
        "The answers to choose from are kept elsewhere (%(said)s). Type them below, or put them into the file."
    ),
    "no-options": _l("There are no answers to choose from."),
    "circle": _l("It would only be shown because of itself. Change its condition."),
    "not-kept": _l("It cannot be kept: %(known)s"),
    # What wants a person's eyes.
    "missing-item": _l("Item %(known)s of the published form is missing. The form cannot be scored."),
    "changed-wording": _l("Item %(known)s is not worded as the published form is: “%(said)s”"),
    "no-scores": _l("The answers have no numbers (%(said)s). The form cannot be scored."),
    "odd-scores": _l(
        "The numbers of the answers (%(said)s) are not the published ones (%(known)s). The form cannot be scored."
    ),
    "item-twice": _l("An item of %(known)s stands there twice."),
    "expression": _l("An expression was left aside. It is never run: %(said)s"),
    "expression-condition": _l(
        "It is shown only when an expression holds, and expressions are never run. It is always shown: %(said)s"
    ),
    "fills-itself": _l("The form would fill this in by itself. It is not asked."),
    "repeats": _l("The file lets this be answered several times. Here it is asked once."),
    "sub-form": _l("A part of this form is kept in another file, and is not here: %(said)s"),
    "more-forms": _l("The file holds %(known)s questionnaires. Only the first was read. Left out: %(said)s"),
    "language-guessed": _l("The file does not say its language. By its words it is %(known)s."),
    "two-lists": _l("The answers stand in the file, and elsewhere too (%(said)s). Those in the file were taken."),
    "no-option-text": _l("An answer has no words, only the code %(said)s."),
    "other-wording": _l(
        "No item is worded as the published %(said)s (%(known)s). It may be another translation: please compare."
    ),
    "own-changed": _l("This form comes from here and was changed since. It was read like any other."),
    "two-scores": _l("The answer “%(said)s” has two different numbers. Neither was taken."),
    "broken-score": _l("A number of an answer is not whole and was left out: %(said)s"),
    "no-link-id": _l("A question has no link id. It got one."),
    "double-link-id": _l("Two questions have this link id. The second got another."),
    "unknown-type": _l("The type “%(said)s” is not known. The question was read as what it looks like."),
    "no-text": _l("A question has no text."),
    "long-text": _l("The text is longer than %(known)s characters and was cut."),
    "modifier": _l("Something here changes the meaning and was not understood: %(said)s"),
    "condition-missing": _l("It depends on a question that is not there (%(said)s). It is always shown."),
    "condition-unasked": _l("It depends on something that is not asked here (%(said)s). It is always shown."),
    "condition-unread": _l("Its condition was not understood (%(said)s). It is always shown."),
    "all-or-any": _l("The file does not say whether all conditions must hold or one. All must."),
    "retired": _l("The file says that this form is retired."),
    "unknown-question": _l("There is no such question in the form. Left out: %(said)s"),
    "outside": _l("This answer is not one that the question takes. Left out: %(said)s"),
    "several-answers": _l("The question takes one answer. Left out: %(said)s"),
    "not-asked": _l("The form here does not ask this. Left out: %(said)s"),
    "more-answers": _l("The file holds the answers of %(known)s forms that were filled in. Only the first was read."),
    "other-form": _l("These answers are to another form: %(said)s. The form here is %(known)s."),
    "other-version": _l("These answers are to version %(said)s of the form. Here is version %(known)s."),
    "answer-cut": _l("The answer is longer than %(known)s characters and was cut."),
    "answered-twice": _l("The question is answered twice. The first answer was taken."),
    "not-completed": _l("The file does not say that the answers are complete (status: %(said)s)."),
    # What is good to know.
    "recognised": _l("This is %(said)s."),
    "wording-not-compared": _l(
        "The published wording in this language (%(known)s) is not known here. Compare it yourself."
    ),
    "known-by-wording": _l("The file has no codes. The form was recognised by its wording."),
    "code-in-link-id": _l("The code of this question stood in its link id."),
    "not-shown": _l("With these answers the question would not be shown. The answer is kept, and counts for nothing."),
    "hidden": _l("This is hidden in the file. It is not asked."),
    "total-is-ours": _l("A total is not asked: totals are computed here."),
    "required-dropped": _l("No question is required: whoever answers may leave any of them out."),
    "initial-dropped": _l("An answer that was filled in beforehand was left out."),
    "nested-question": _l("A question within a question stands after it."),
    "r5": _l("The file is written as FHIR R5 has it."),
    "stu3": _l("The file is written as FHIR STU3 had it."),
    "type-simplified": _l("The type “%(said)s” became a simpler one."),
    "markup": _l("Markup was taken out of the text."),
    "extension": _l("An extension was left aside: %(said)s"),
    "opt-out-is-ours": _l("“%(said)s” was left out: every question has our two ways not to answer."),
    "no-instrument": _l("This is no form whose scores are known here. It becomes a draft that you can change."),
    "by-position": _l("The answers take their numbers from their order on the published sheet."),
    "own-form": _l("This form comes from here and is unchanged."),
}


def sentence(remark: Remark) -> str:
    """One remark in words."""
    return str(REMARKS[remark.code]) % {"said": remark.said, "known": remark.known}


def packed(data: bytes) -> str:
    """A file small enough to travel in a form."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def unpacked(text: str) -> bytes:
    """The file that was packed; `NotReadable` for anything else, and for what would be too large."""
    try:
        opened = zlib.decompressobj()
        data = opened.decompress(base64.b64decode(text, validate=True), MAX_BYTES + 1)
    except (zlib.error, binascii.Error, ValueError):
        data = b""
    if not data or len(data) > MAX_BYTES:
        raise NotReadable(_("Choose the file once more"))
    return data
