"""Section f: life experiences. It never asks what happened, and no box for words opens by itself."""

from __future__ import annotations

from dataclasses import replace

from tenants.intake.questions import NOT_SURE, Section, Test
from tenants.intake.shipped.about_you import NOT_BABY
from tenants.intake.shipped.making import has, is_one_of, one, pick, say, several
from tenants.intake.shipped.texts import NOTICE

_ANSWERS = Test("f.gate", "=", "answer")
_HARD = is_one_of("f.hard", "yes", NOT_SURE)

_GATE = one(
    "f.gate", "How would you like to handle this section?", "¿Cómo prefiere hacer esta sección?",
    (
        pick("answer", "Answer a few questions", "Responder a unas preguntas"),
        pick("talk", "I’d prefer to talk in person", "Prefiero hablarlo en persona"),
        pick("skip", "Skip it for now", "Saltarla por ahora"),
    ),
)  # fmt: skip

_QUESTIONS = (
    replace(
        one(
            "f.hard",
            "Have you lived through something that was too much, frightening or deeply upsetting, recently or long "
            "ago?",
            "¿Ha vivido algo que le superó, le asustó o le afectó mucho, hace poco o hace tiempo?",
            (pick("yes", "Yes", "Sí"), pick("not-sure", "Not sure", "No lo sé"), pick("no", "No", "No")),
            sensitive=True, when=_ANSWERS,
        ),
        guardian_text=say(
            "Has your child lived through something that was too much, frightening or deeply upsetting?",
            "¿Ha vivido su hijo o hija algo que le superó, le asustó o le afectó mucho?",
        ),
        young_text=say(
            "Have you been through something that was too much, scary or really upsetting? It can be now or long ago.",
            "¿Le ha pasado algo que fue demasiado, que le dio miedo o que le dolió mucho, ahora o hace tiempo?",
        ),
    ),
    several(
        "f.when", "Roughly when?", "¿Cuándo, más o menos?",
        (
            pick("month", "In the last month", "En el último mes"),
            pick("year", "In the last year", "En el último año"),
            pick("1-5y", "1 to 5 years ago", "Hace de 1 a 5 años"),
            pick("longer", "Longer ago", "Hace más tiempo"),
            pick("childhood", "When I was a child", "En la infancia"),
            pick("ongoing", "It is going on now", "Está pasando ahora"),
        ),
        sensitive=True, when=_HARD,
    ),
    several(
        "f.kind", "If you wish, tick the broad kind", "Si quiere, marque de qué tipo",
        (
            pick("accident", "Accident or disaster", "Accidente o catástrofe"),
            pick("illness", "Illness or medical care", "Enfermedad o atención médica"),
            pick("loss", "Loss of someone", "Pérdida de alguien"),
            pick("violence", "Violence or threat", "Violencia o amenaza"),
            pick("childhood", "Something in childhood", "Algo de la infancia"),
            pick("work", "Something at work or in service", "Algo en el trabajo o de servicio"),
            pick("other", "Another kind", "De otro tipo"),
        ),
        sensitive=True, enabled=False, when=_HARD,
    ),
    several(
        "f.effect", "Since then, do you notice any of these?", "Desde entonces, ¿nota algo de esto?",
        (
            pick("tension", "Body tension or pain", "Tensión o dolor en el cuerpo"),
            pick("edge", "Being on edge", "Estar en alerta"),
            pick("sleep", "Bad dreams or trouble sleeping", "Malos sueños o dificultad para dormir"),
            pick("numb", "Feeling numb or far away", "No sentir nada o sentirse lejos"),
            pick("sudden", "Strong feelings that come suddenly", "Emociones fuertes que llegan de golpe"),
            pick("avoiding", "Avoiding reminders", "Evitar lo que lo recuerda"),
            pick("none", "None of these", "Nada de esto", alone=True),
        ),
        sensitive=True, when=_HARD,
    ),
    replace(
        one(
            "f.ongoing_danger", "Is anyone hurting, threatening or controlling you now?",
            "¿Hay alguien que ahora le hace daño, le amenaza o le controla?",
            (pick("no", "No", "No"), pick("yes", "Yes", "Sí"), pick("not-sure", "Not sure", "No lo sé")),
            sensitive=True, safety=True, acute=True, when=_ANSWERS,
        ),
        guardian_text=say(
            "Is anyone hurting, threatening or controlling your child now?",
            "¿Hay alguien que ahora hace daño, amenaza o controla a su hijo o hija?",
        ),
        young_text=say(
            "Is anyone hurting you, scaring you, or making you do things you don’t want to do?",
            "¿Hay alguien que le hace daño, le da miedo o le obliga a hacer cosas que no quiere?",
        ),
    ),
    several(
        "f.support", "Who is supporting you with this?", "¿Quién le apoya con esto?",
        (
            pick("therapist", "A counsellor or therapist", "Un psicólogo o terapeuta"),
            pick("doctor", "A doctor", "Un médico"),
            pick("family", "Family or friends", "Familia o amigos"),
            pick("group", "A group", "Un grupo"),
            pick("nobody", "Nobody at the moment", "Nadie por ahora", alone=True),
            pick("no-need", "I don’t need support", "No necesito apoyo", alone=True),
        ),
        sensitive=True, when=_HARD,
    ),
    one(
        "f.therapist_ok", "Does your counsellor or therapist know that you are coming?",
        "¿Sabe su psicólogo o terapeuta que viene?",
        (
            pick("yes", "Yes", "Sí"),
            pick("not-yet", "Not yet", "Todavía no"),
            pick("separate", "I’d rather keep it separate", "Prefiero llevarlo aparte"),
        ),
        sensitive=True, when=has("f.support", "therapist"),
    ),
    one(
        "f.stuck", "Do you feel that your body is still holding on to some of this?",
        "¿Siente que su cuerpo todavía guarda algo de esto?",
        (pick("yes", "Yes", "Sí"), pick("maybe", "Maybe", "Quizás"), pick("no", "No", "No")),
        sensitive=True, when=_HARD,
    ),
)  # fmt: skip

LIFE = Section(
    "f",
    say("Life experiences", "Experiencias de la vida"),
    (_GATE, *_QUESTIONS),
    intro=say(
        "These questions are about hard life experiences. They do not ask what happened. If you feel unsettled, use "
        "Pause.",
        "Estas preguntas son sobre experiencias duras de la vida. No preguntan qué pasó. Si algo le remueve, use "
        "Pausa.",
    ),
    notice=NOTICE,
    sensitive=True,
    when=NOT_BABY,
)
