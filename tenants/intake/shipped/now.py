"""Sections g, i and j: stress and sleep, care and wellbeing now, and your safety right now."""

from __future__ import annotations

from dataclasses import replace

from tenants.intake.questions import Section, Some
from tenants.intake.shipped.about_you import IS_BABY, NOT_BABY
from tenants.intake.shipped.making import has, one, pick, said_or_declined, say, scale, several, yes_no
from tenants.intake.shipped.texts import NOTICE

_LOW, _HIGH = say("not at all", "nada"), say("extremely", "muchísimo")

STRESS = Section(
    "g",
    say("Stress, tension and sleep", "Estrés, tensión y sueño"),
    (
        scale(
            "g.stress", "In the last month, how stressed have you felt?",
            "En el último mes, ¿cuánto estrés ha sentido?",
            _LOW, _HIGH,
        ),
        scale(
            "g.tension", "How much tension have you felt in your body?", "¿Cuánta tensión ha sentido en el cuerpo?",
            _LOW, _HIGH,
        ),
        scale(
            "g.worry", "How much worry have you felt?", "¿Cuánta preocupación ha sentido?", _LOW, _HIGH, sensitive=True,
        ),
        one(
            "g.sleep", "How is your sleep?", "¿Cómo duerme?",
            (pick("good", "Good", "Bien"), pick("mixed", "Mixed", "Regular"), pick("poor", "Poor", "Mal")),
        ),
        one(
            "g.work", "How much does this get in the way of daily life?", "¿Cuánto le afecta en el día a día?",
            (
                pick("not", "Not at all", "Nada"),
                pick("little", "A little", "Un poco"),
                pick("quite", "Quite a bit", "Bastante"),
                pick("lot", "A lot", "Mucho"),
            ),
            young_text=say(
                "How much does this get in the way of school, friends or home?",
                "¿Cuánto le afecta en el instituto, con los amigos o en casa?",
            ),
        ),
    ),
)  # fmt: skip

WELLBEING = Section(
    "i",
    say("Care and wellbeing now", "Cuidados y bienestar ahora"),
    (
        several(
            "i.mh_dx", "Has a professional ever told you that you have any of these?",
            "¿Le ha dicho alguna vez un profesional que tiene algo de esto?",
            (
                pick("depression", "Depression", "Depresión"),
                pick("anxiety", "Anxiety", "Ansiedad"),
                pick("ptsd", "PTSD or complex PTSD", "Estrés postraumático, también complejo"),
                pick("bipolar", "Bipolar disorder", "Trastorno bipolar"),
                pick("psychosis", "Psychosis or schizophrenia", "Psicosis o esquizofrenia"),
                pick("dissociative", "A dissociative condition", "Un trastorno disociativo"),
                pick("eating", "Trouble with eating", "Un problema con la comida"),
                pick("dependence", "Alcohol or drug dependence", "Dependencia del alcohol o las drogas"),
                pick("other", "Something else", "Otra cosa"),
                pick("none", "None of these", "Nada de esto", alone=True),
            ),
            sensitive=True, note=True,
            young_text=say(
                "Has a doctor, therapist or school counsellor ever told you that you have any of these?",
                "¿Le ha dicho alguna vez un médico, un psicólogo o alguien del instituto que tiene algo de esto?",
            ),
        ),
        one(
            "i.mh_now", "How are things with that now?", "¿Cómo va eso ahora?",
            (
                pick("settled", "Settled", "Tranquilo"),
                pick("up-down", "Up and down", "Con altibajos"),
                pick("difficult", "Difficult", "Difícil"),
                pick("crisis", "In crisis", "En crisis"),
            ),
            sensitive=True,
            when=has(
                "i.mh_dx", "depression", "anxiety", "ptsd", "bipolar", "psychosis", "dissociative", "eating",
                "dependence",
                "other",
            ),
        ),
        one(
            "i.reality",
            "In the last month, did you hear or see things that others did not, or feel that others could read or "
            "control your thoughts?",
            "En el último mes, ¿ha oído o visto cosas que los demás no, o ha sentido que otros leían o mandaban en sus "
            "pensamientos?",
            (pick("no", "No", "No"), pick("yes", "Yes", "Sí"), pick("not-sure", "Not sure", "No lo sé")),
            sensitive=True,
        ),
        one(
            "i.away", "How often do you feel unreal or far away, or lose track of time so much that it worries you?",
            "¿Con qué frecuencia se siente irreal o lejos, o pierde la noción del tiempo hasta preocuparse?",
            (
                pick("never", "Never", "Nunca"),
                pick("sometimes", "Sometimes", "A veces"),
                pick("often", "Often", "A menudo"),
                pick("daily", "Nearly every day", "Casi todos los días"),
            ),
            sensitive=True,
        ),
        yes_no(
            "i.hosp", "Were you in hospital for your mental health in the last 6 months?",
            "¿Ha estado en el hospital por su salud mental en los últimos 6 meses?", sensitive=True,
        ),
        one(
            "i.subst", "Alcohol or other substances: is this something that concerns you?",
            "El alcohol u otras sustancias, ¿es algo que le preocupa?",
            (pick("no", "No", "No"), pick("little", "A little", "Un poco"), pick("yes", "Yes", "Sí")),
            sensitive=True,
            young_text=say(
                "Alcohol, vaping or other substances: is this something that worries you?",
                "El alcohol, los vapeadores u otras sustancias, ¿es algo que le preocupa?",
            ),
        ),
        yes_no(
            "i.meds_mh", "Did your mental-health medicine change in the last 4 weeks?",
            "¿Ha cambiado su medicina para la salud mental en las últimas 4 semanas?", sensitive=True,
        ),
    ),
    sensitive=True,
    when=NOT_BABY,
)  # fmt: skip

# Whoever said anything but no to a question before; and for a baby always, who was asked none of them.
_ASK_ON = Some(
    (
        said_or_declined("j.harm", "passing", "often", "might-act"),
        said_or_declined("f.ongoing_danger", "yes", "not-sure"),
        IS_BABY,
    )
)
SAFETY = Section(
    "j",
    say("Your safety right now", "Su seguridad ahora mismo"),
    (
        replace(
            one(
                "j.harm", "In the last two weeks, have you thought of ending your life or of harming yourself?",
                "En las últimas dos semanas, ¿ha pensado en quitarse la vida o en hacerse daño?",
                (
                    pick("no", "No", "No"),
                    pick("passing", "Yes, in passing", "Sí, de pasada"),
                    pick("often", "Yes, often", "Sí, a menudo"),
                    pick("might-act", "Yes, and I might act on it", "Sí, y podría llegar a hacerlo"),
                ),
                sensitive=True, safety=True, acute=True, when=NOT_BABY,
            ),
            guardian_text=say(
                "In the last two weeks, has your child spoken of ending their life or of harming themselves?",
                "En las últimas dos semanas, ¿ha hablado su hijo o hija de quitarse la vida o de hacerse daño?",
            ),
            young_text=say(
                "In the last two weeks, have you thought about ending your life or hurting yourself? It is OK to say "
                "so here.",
                "En las últimas dos semanas, ¿ha pensado en quitarse la vida o en hacerse daño? Aquí lo puede decir.",
            ),
        ),
        replace(
            one(
                "j.safe_now", "Are you safe right now?", "¿Está a salvo ahora mismo?",
                (pick("yes", "Yes", "Sí"), pick("not-sure", "I’m not sure", "No lo sé"), pick("no", "No", "No")),
                sensitive=True, safety=True, acute=True, calm=("yes",), when=_ASK_ON,
            ),
            guardian_text=say("Is your child safe right now?", "¿Está a salvo su hijo o hija ahora mismo?"),
            young_text=say(
                "Are you safe where you are right now?", "Donde está ahora mismo, ¿está a salvo?",
            ),
        ),
        several(
            "j.contact", "What would you like?", "¿Qué le gustaría?",
            (
                pick("call", "I would like the clinic to call me", "Me gustaría que la consulta me llamara"),
                pick("contacted", "I have told someone already", "Ya se lo he dicho a alguien"),
                pick("numbers", "Just show me the numbers", "Solo ver los números de ayuda"),
                pick("talk", "I’d prefer to talk in person", "Prefiero hablarlo en persona"),
            ),
            sensitive=True, when=_ASK_ON,
        ),
    ),
    notice=NOTICE,
    sensitive=True,
    crisis_box=True,
)  # fmt: skip
