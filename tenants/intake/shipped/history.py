"""Sections e and n: what your body has been through; for a baby, birth and the first months."""

from __future__ import annotations

from tenants.intake.questions import Item, Section
from tenants.intake.shipped.about_you import IS_BABY
from tenants.intake.shipped.making import has, lines, one, pick, say, several, yes_no

_ROW = Item(
    "e.item", "group", say("A little more (optional)", "Un poco más (opcional)"),
    rows_of="e.any",
    items=(
        one(
            "e.item.when", "Roughly when?", "¿Cuándo, más o menos?",
            (
                pick("this-year", "This year", "Este año"),
                pick("1-5y", "1 to 5 years ago", "Hace de 1 a 5 años"),
                pick("5-20y", "5 to 20 years ago", "Hace de 5 a 20 años"),
                pick("childhood", "When I was a child", "En la infancia"),
            ),
        ),
        Item("e.item.area", "bodymap", say("Where in your body?", "¿En qué parte del cuerpo?")),
        one(
            "e.item.still", "Does that area still bother you?", "¿Le molesta todavía esa zona?",
            (pick("yes", "Yes", "Sí"), pick("sometimes", "Sometimes", "A veces"), pick("no", "No", "No")),
            sensitive=True,
        ),
    ),
)  # fmt: skip

HISTORY = Section(
    "e",
    say("What your body has been through", "Lo que ha vivido su cuerpo"),
    (
        several(
            "e.any", "Have you had any of these?", "¿Ha tenido algo de esto?",
            (
                pick("vehicle", "A road or vehicle accident", "Un accidente de tráfico"),
                pick("fall", "A fall or a sports injury", "Una caída o una lesión al hacer deporte"),
                pick("work", "An injury at work", "Una lesión en el trabajo"),
                pick("injury", "Another serious injury", "Otra lesión grave"),
                pick("operation", "An operation", "Una operación"),
                pick("dental", "Hard dental or jaw treatment", "Un tratamiento difícil de dientes o mandíbula"),
                pick(
                    "birth", "A hard birth (being born or giving birth)", "Un parto difícil (al nacer o al dar a luz)",
                ),
                pick("hospital", "A long hospital stay or intensive care", "Un ingreso largo o cuidados intensivos"),
                pick("none", "None of these", "Nada de esto", alone=True),
            ),
            sensitive=True, note=True,
        ),
        _ROW,
        Item(
            "e.recent", "bool", say("Was any of these in the last 6 weeks?",
            "¿Algo de esto fue en las últimas 6 semanas?"),
            when=has("e.any", "vehicle", "fall", "work", "injury", "operation", "dental", "birth", "hospital"),
        ),
    ),
    notice=say(
        "This page asks about injuries and operations. Dates can be rough.",
        "Esta página pregunta por lesiones y operaciones. Las fechas pueden ser aproximadas.",
    ),
)  # fmt: skip

BIRTH = Section(
    "n",
    say("Birth and the first months", "El parto y los primeros meses"),
    (
        one(
            "n.birth", "How was your baby born?", "¿Cómo nació su bebé?",
            (
                pick("vaginal", "Vaginal birth", "Parto vaginal"),
                pick("assisted", "With forceps or a vacuum cup", "Con fórceps o ventosa"),
                pick("planned", "Planned caesarean", "Cesárea programada"),
                pick("urgent", "Unplanned caesarean", "Cesárea no programada"),
            ),
            sensitive=True,
        ),
        one(
            "n.term", "When did your baby come?", "¿Cuándo nació su bebé?",
            (
                pick("term", "Around the due date", "Cerca de la fecha prevista"),
                pick("early", "More than 3 weeks early", "Más de 3 semanas antes"),
                pick("not-sure", "Not sure", "No lo sé"),
            ),
            sensitive=True,
        ),
        several(
            "n.after", "Was there any of this at birth or soon after?", "¿Hubo algo de esto al nacer o poco después?",
            (
                pick("care", "Special or intensive care", "Cuidados especiales o intensivos"),
                pick("breathing", "Help with breathing", "Ayuda para respirar"),
                pick("head", "A swelling or bruise on the head", "Un bulto o un hematoma en la cabeza"),
                pick("bone", "A broken bone", "Un hueso roto"),
                pick("none", "None of these", "Nada de esto", alone=True),
            ),
            sensitive=True,
        ),
        several(
            "n.now", "What do you notice now?", "¿Qué nota ahora?",
            (
                pick("crying", "A lot of crying", "Mucho llanto"),
                pick("feeding", "Trouble feeding", "Dificultad para comer"),
                pick("sleep", "Trouble sleeping", "Dificultad para dormir"),
                pick("side", "Looks to one side only", "Solo mira hacia un lado"),
                pick("other", "Something else", "Otra cosa"),
                pick("none", "None of these", "Nada de esto", alone=True),
            ),
            sensitive=True, note=True,
        ),
        yes_no(
            "n.checked", "Has a doctor or nurse seen your baby in the last month?",
            "¿Ha visto a su bebé un médico o una enfermera en el último mes?", sensitive=True,
        ),
        lines(
            "n.more", "Anything else about your baby? (optional)", "¿Algo más sobre su bebé? (opcional)",
            sensitive=True,
        ),
    ),
    intro=say(
        "You stay with your baby the whole time. {practitioner} works very gently, and stops when your baby wants to.",
        "Usted se queda con su bebé todo el tiempo. {practitioner} trabaja con mucha suavidad y para cuando el bebé "
        "quiere.",
    ),
    when=IS_BABY,
)  # fmt: skip
