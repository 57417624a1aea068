"""How the clinic looks: its colour, tried on in light and in dark before it is kept, and its logo."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request
from flask_admin import expose

from saas import theme
from saas.errors import Invalid, NotFound
from saas.stale import mark_of
from saas.uploads import FilePage, too_big
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.clinic.actions import remove_logo, save_brand, save_logo
from tenants.clinic.queries import clinic_view
from tenants.clinic.rules import LOGO_TOO_LARGE, BadLogo, clean_brand
from tenants.settings.forms import BrandForm, LogoForm, PressForm
from tenants.settings.saving import KEPT, MEANWHILE, REFUSED, Answer, SettingsPage, keep, kept


@dataclass(frozen=True)
class Tried:
    """A colour on the pages: what becomes of it in light and in dark, and how well white and black stand out there."""

    brand: str
    heading_style: str
    light: str
    dark: str
    least: float


def tried(brand: str, heading_style: str) -> Tried:
    """What the pages make of `brand` (#rrggbb): `least` is the smaller contrast of the two buttons' words."""
    light, dark = theme.tokens(brand), theme.tokens(brand, dark=True)
    least = min(theme.contrast(found["on-brand"], found["brand"]) for found in (light, dark))
    return Tried(brand, heading_style, light["brand"], dark["brand"], least)


def sheet_of(brand: str, heading_style: str) -> str:
    """The stylesheet of the two small pages that show the colour: each its own tokens, whatever the reader's theme."""
    face = "--display:var(--font);" if heading_style == "sans" else "--display:var(--serif);"

    def block(dark: bool) -> str:  # noqa: FBT001 - which of the two
        return face + "".join(f"--{name}:{value};" for name, value in theme.tokens(brand, dark=dark).items())

    return f".try--light{{color-scheme:light;{block(False)}}}.try--dark{{color-scheme:dark;{block(True)}}}\n"


class BrandView(FilePage, SettingsPage):
    """The one colour, the headings, the logo."""

    takes = 6 * 1024 * 1024  # more than a logo may have: that one is refused by its own size

    def __init__(self) -> None:
        super().__init__(name=_l("Look"), endpoint="settings_brand", url="settings/look")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        if request.method == "GET":
            return self._page(200)
        form = BrandForm(request.form)
        looking = request.form.get("do") == "preview"
        status = keep(form, lambda: _typed(form), lambda typed: None if looking else _save(form, *typed))
        if status == KEPT and not looking:
            return kept(_("Saved. Your pages have this look from now on."), at=".index")
        return self._page(200 if status == KEPT else status, form, looking=status == KEPT)

    @expose("/sheet.css")
    def sheet(self) -> Response:
        """The colour that is being tried, for the script and for the button."""
        brand, heading = request.args.get("brand", ""), request.args.get("heading", "serif")
        if not theme.is_colour(brand) or heading not in ("serif", "sans"):
            raise NotFound
        answer = Response(sheet_of(brand, heading), mimetype="text/css")
        answer.headers["Cache-Control"] = "private, max-age=86400"
        return answer

    @expose("/logo/", methods=("POST",))
    def logo(self) -> Answer:
        form = LogoForm(request.form)
        if too_big():
            form.put(BadLogo(str(LOGO_TOO_LARGE)))
            return self._page(413, logo=form)
        if not form.validate():
            return self._page(REFUSED, logo=form)
        try:
            save_logo(content=_content(), now=page_now())
        except BadLogo as refused:
            form.put(refused)
            return self._page(REFUSED, logo=form)
        return kept(_("Saved. Your logo is on every page."), at=".index")

    @expose("/logo/remove/")
    def ask_remove(self) -> str:
        if clinic_view().logo_url is None:
            raise NotFound
        return self.render("manage/settings/logo_remove.html")

    @expose("/logo/remove/", methods=("POST",))
    def remove(self) -> Answer:
        PressForm(request.form).require()
        remove_logo(now=page_now())
        return kept(_("The logo is gone. Your name stands there again."), at=".index")

    def _page(
        self, status: int, form: BrandForm | None = None, *, logo: LogoForm | None = None, looking: bool = False
    ) -> Answer:
        stands = clinic_view()
        mark = mark_of(stands.brand, stands.heading_style)
        form = form or BrandForm(None, data={"brand": stands.brand, "heading_style": stands.heading_style})
        if status == MEANWHILE or not form.seen.data:
            form.seen.data = mark
        colour = (form.brand.data or "").strip().lower()
        good = theme.is_colour(colour)
        shown = tried(colour if good else stands.brand, form.heading_style.data or stands.heading_style)
        page = self.render(
            "manage/settings/look.html",
            record_form=form,
            logo_form=logo or LogoForm(),
            stands=[(_("Colour"), stands.brand), (_("Headings"), _heading(stands.heading_style))]
            if status == MEANWHILE
            else [],
            tried=shown,
            looking=looking,
        )
        return page, status


def _typed(form: BrandForm) -> tuple[str, str]:
    try:
        colour = clean_brand(form.brand.data or "")
    except Invalid as refused:
        form.put(refused)
        colour = ""
    heading = form.heading_style.data or ""
    if heading not in ("serif", "sans"):
        form.refuse("heading_style", _("Choose serif or sans"))
    return colour, heading


def _save(form: BrandForm, colour: str, heading: str) -> None:
    save_brand(brand=colour, heading_style=heading, seen=form.seen.data or "", now=page_now())


def _heading(style: str) -> str:
    return _("Without serifs") if style == "sans" else _("With serifs")


def _content() -> bytes:
    """What was sent as a file; nothing where nothing was chosen, which is no image."""
    sent = request.files.get("logo")
    return sent.stream.read() if sent is not None else b""
