"""Section d: the health and safety check. A missing answer to any of these asks for a talk before hands-on work."""

from __future__ import annotations

from tenants.intake.questions import Item, Section, Test
from tenants.intake.shipped.making import check, lines, one, pick, say, several, when, yes_no, yes_or_unsure

_WHEN = ("When was it? A month or a year is enough.", "¿Cuándo fue? Basta con el mes o el año.")
_CLEARED = (
    "Has a doctor said that hands-on work is fine?",
    "¿Le ha dicho un médico que el trabajo con las manos está bien?",
)


def _when(id: str) -> Item:
    return when(f"{id}_when", *_WHEN, sensitive=True, when=yes_or_unsure(id))


def _cleared(id: str) -> Item:
    return yes_no(f"{id}_cleared", *_CLEARED, sensitive=True, when=yes_or_unsure(id))


def _more(id: str, name: str, en: str, es: str) -> Item:
    return yes_no(f"{id}_{name}", en, es, sensitive=True, when=yes_or_unsure(id))


_HEAD_AND_SPINE = (
    check(
        "d.bleed", "Have you ever had bleeding in or around the brain, a stroke or a mini-stroke?",
        "¿Ha tenido alguna vez una hemorragia en el cerebro o alrededor, un ictus o un amago de ictus?",
    ),
    _when("d.bleed"), _cleared("d.bleed"),
    check(
        "d.aneurysm", "Do you have a brain aneurysm, or another swelling of a blood vessel in the head or neck?",
        "¿Tiene un aneurisma en el cerebro, u otro vaso dilatado en la cabeza o el cuello?",
    ),
    _more("d.aneurysm", "treated", "Has it been treated?", "¿Se lo han tratado?"),
    _when("d.aneurysm"), _cleared("d.aneurysm"),
    check(
        "d.skull", "Did you break your skull, neck, back or a rib in the last 6 months?",
        "¿Se ha roto el cráneo, el cuello, la espalda o una costilla en los últimos 6 meses?",
    ),
    _when("d.skull"),
    _more("d.skull", "healed", "Has it healed?", "¿Se ha curado?"),
    _cleared("d.skull"),
    check(
        "d.headinj", "Have you had a concussion or another head injury?",
        "¿Ha tenido una conmoción u otra lesión en la cabeza?",
    ),
    _when("d.headinj"),
    several(
        "d.headinj_sx", "Which signs did you have?", "¿Qué señales tuvo?",
        (
            pick("headache", "Headache", "Dolor de cabeza"),
            pick("dizziness", "Dizziness", "Mareo"),
            pick("light", "Light hurts", "Molesta la luz"),
            pick("vomiting", "Vomiting", "Vómitos"),
            pick("confusion", "Confusion", "Confusión"),
            pick("memory", "Trouble remembering", "Falta de memoria"),
            pick("none", "None of these", "Ninguna de estas", alone=True),
        ),
        sensitive=True, when=yes_or_unsure("d.headinj"),
    ),
    _more("d.headinj", "sx_now", "Do you still have any of them?", "¿Tiene todavía alguna?"),
    check(
        "d.headspine_op", "Have you had surgery on the head, brain, neck or spine?",
        "¿Le han operado de la cabeza, el cerebro, el cuello o la columna?",
    ),
    _when("d.headspine_op"), _cleared("d.headspine_op"),
    check(
        "d.lp",
        "In the last 3 months, did you have a spinal tap, an epidural, a spinal anaesthetic or a leak of spinal fluid?",
        "En los últimos 3 meses, ¿ha tenido una punción lumbar, una epidural, una anestesia en la columna o una fuga "
        "del líquido de la columna?",
    ),
    _when("d.lp"),
    _more(
        "d.lp", "upright", "Does your head hurt when you sit or stand up?",
        "¿Le duele la cabeza al sentarse o ponerse de pie?",
    ),
    check(
        "d.icp", "Do you have raised pressure in the head, water on the brain, or a shunt?",
        "¿Tiene la presión alta en la cabeza, hidrocefalia o una válvula?",
    ),
    _cleared("d.icp"),
    check(
        "d.chiari", "Do you have a Chiari malformation, or another problem where the brain or spinal cord is squeezed?",
        "¿Tiene una malformación de Chiari, u otro problema que oprime el cerebro o la médula?",
    ),
    _more("d.chiari", "followed", "Does a specialist follow it?", "¿Lo sigue un especialista?"),
    check(
        "d.tumour", "Do you have a tumour in the head or spine, or cancer that is being treated now?",
        "¿Tiene un tumor en la cabeza o la columna, o un cáncer en tratamiento ahora?",
    ),
    _more("d.tumour", "aware", "Does your specialist know that you are coming?", "¿Sabe su especialista que viene?"),
)  # fmt: skip

_NEW_SIGNS = several(
    "d.neuroflag", "In the last 2 weeks, did you have any of these for the first time?",
    "En las últimas 2 semanas, ¿le ha pasado algo de esto por primera vez?",
    (
        pick("headache", "A sudden headache, the worst ever", "Un dolor de cabeza de repente, el peor de su vida"),
        pick(
            "weakness", "Weak or numb in an arm, a leg or the face",
            "Falta de fuerza o de tacto en un brazo, una pierna o la cara",
        ),
        pick("speech", "Trouble speaking", "Dificultad para hablar"),
        pick("fainting", "Fainting", "Desmayo"),
        pick("vision", "Seeing double", "Ver doble"),
        pick("bladder", "Losing control of bladder or bowel", "No poder aguantar la orina o las heces"),
        pick("none", "None of these", "Nada de esto", alone=True),
        pick("not-sure", "Not sure", "No lo sé", alone=True),
    ),
    required=True, sensitive=True, safety=True, acute=True,
)  # fmt: skip

_BODY = (
    check("d.seizure", "Do you have epilepsy or seizures?", "¿Tiene epilepsia o convulsiones?"),
    when(
        "d.seizure_last", "When was the last one? A month or a year is enough.",
        "¿Cuándo fue la última? Basta con el mes o el año.", sensitive=True, when=yes_or_unsure("d.seizure"),
    ),
    _more("d.seizure", "controlled", "Are they under control?", "¿Están controladas?"),
    check(
        "d.clot", "Do you have a blood clot, or do you bleed or clot too easily?",
        "¿Tiene un coágulo de sangre, o sangra o hace coágulos con facilidad?",
    ),
    _more("d.clot", "current", "Do you have a blood clot now?", "¿Tiene ahora un coágulo?"),
    check(
        "d.thinner", "Do you take medicine that thins the blood?",
        "¿Toma alguna medicina para que la sangre no se espese?",
    ),
    lines(
        "d.thinner_which", "Which one? (optional)", "¿Cuál? (opcional)",
        sensitive=True, when=yes_or_unsure("d.thinner"),
    ),
    check(
        "d.heart", "Do you have a serious heart problem, a pacemaker, or blood pressure that is not under control?",
        "¿Tiene un problema grave de corazón, un marcapasos o la tensión sin controlar?",
    ),
    check(
        "d.infection", "Do you have a fever or an infection right now?", "¿Tiene ahora mismo fiebre o una infección?",
    ),
    one(
        "d.preg", "Are you pregnant, or did you give birth in the last 6 weeks?",
        "¿Está embarazada, o ha dado a luz en las últimas 6 semanas?",
        (
            pick("yes", "Yes", "Sí"),
            pick("no", "No", "No"),
            pick("not-sure", "Not sure", "No lo sé"),
            pick("na", "This does not apply to me", "No es mi caso"),
        ),
        required=True, sensitive=True, safety=True,
    ),
    Item(
        "d.preg_week", "number", say("Which week? (optional)", "¿De cuántas semanas? (opcional)"),
        lo=0, hi=45, sensitive=True, when=Test("d.preg", "=", "yes"),
    ),
    yes_no(
        "d.preg_risk", "Has anyone told you that there are extra risks?", "¿Le han dicho que hay riesgos añadidos?",
        sensitive=True, when=Test("d.preg", "=", "yes"),
    ),
    check(
        "d.bones", "Do you have thin bones, very loose joints (such as EDS) or an unstable spine?",
        "¿Tiene osteoporosis, las articulaciones muy sueltas (como en el SED) o la columna inestable?",
    ),
    check(
        "d.implants", "Do you have a shunt, a stimulator, a cochlear implant, plates or other implants?",
        "¿Lleva una válvula, un estimulador, un implante en el oído, placas u otros implantes?",
    ),
    lines(
        "d.meds", "Medicines and supplements you take (optional)", "Medicinas y suplementos que toma (opcional)",
        sensitive=True,
    ),
    lines(
        "d.other", "Anything else that someone who works with their hands on you should know? (optional)",
        "¿Algo más que deba saber quien trabaja con las manos? (opcional)", sensitive=True,
    ),
)  # fmt: skip

HEALTH = Section(
    "d",
    say("Health and safety check", "Salud y seguridad"),
    (*_HEAD_AND_SPINE, *_BODY[:3], _NEW_SIGNS, *_BODY[3:]),
    intro=say(
        "Some conditions mean that {practitioner} needs to talk with you, or with your doctor, before hands-on work. "
        "A “yes” here does not cancel anything.",
        "Con algunos problemas, {practitioner} tiene que hablar antes con usted o con su médico. Un «sí» aquí no "
        "cancela nada.",
    ),
)
