"""Which passwords anybody would try first (NIST SP 800-63B §3.1.1.2: compare with what is commonly used, with the name
of the service and of the person, with repetitions and sequences; ask for no mixture of characters). Pure.

No list of leaked passwords is shipped: what is refused is what can be built by the few rules below from a few words.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

MIN, MAX = 10, 200
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_NEIGHBOURS = {pair for row in _ROWS for a, b in itertools.pairwise(row) for pair in (a + b, b + a)}
_DRAWN_AS = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
# Words that stand alone in passwords everywhere, and those of this trade. Longer ones first: they hold shorter ones.
_WORDS = sorted(
    """password passwort passphrase contrasena clave welcome willkommen bienvenido letmein login logon admin
    administrator root guest master manager owner staff front desk clinic clinica practice therapy
    therapist craniosacral cranio sacral massage healing health booking bookings calendar longtide secret
    secreto changeme change default temp temporary test testing demo sample hello hola iloveyou loveyou love
    teamo sunshine princess monkey dragon football baseball soccer hockey superman batman shadow michael jordan
    jennifer charlie buster summer winter spring autumn verano invierno january february march april june july
    august september october november december monday tuesday wednesday thursday friday saturday sunday qwerty
    qwertz azerty asdf zxcv abc access whatever trustno starwars freedom flower cookie cheese orange purple
    internet computer samsung google apple company office please nothing lovely angel peace relax breathe calm
    still quiet""".split(),
    key=len,
    reverse=True,
)
_MANY = 0.7  # from this share of neighbours on, it is one long run along the keyboard
_LEAST_OWN = 5  # so many characters have to be left when the obvious has been taken out
_WORDS_THAT_ARE_FEW = 2  # a row of more words is a phrase, whichever words they are
_SHORT = 3


def is_obvious(password: str, about: Iterable[str] = ()) -> bool:
    """Whether this is among the first that somebody would try. `about`: the person's name and address, the clinic's
    name: texts whose words are as good as known."""
    plain = password.casefold()
    letters = re.sub(r"[\W_]", "", plain)
    if len(set(letters)) <= _SHORT or _repeats(letters) or _runs(letters):
        return True
    known = {word for text in about for word in re.findall(r"[^\W_]+", text.casefold()) if len(word) >= _SHORT}
    drawn = plain.translate(_DRAWN_AS)
    return any(_is_built(form, known) for form in {plain, drawn})


def _repeats(text: str) -> bool:
    """One short piece over and over."""
    doubled = (text + text).find(text, 1)
    return 0 < doubled <= len(text) // 2


def _runs(text: str) -> bool:
    pairs = [text[at : at + 2] for at in range(len(text) - 1)]
    along = sum(pair in _NEIGHBOURS or pair[0] == pair[1] for pair in pairs)
    return bool(pairs) and along / len(pairs) >= _MANY


def _is_built(text: str, known: set[str]) -> bool:
    """Whether little is left once the known words, and one or two common ones, have been taken out."""
    before = text
    for word in sorted(known, key=len, reverse=True):
        text = text.replace(word, " ")
    found = 0
    for word in _WORDS:
        while word in text and found <= _WORDS_THAT_ARE_FEW:
            text = text.replace(word, " ", 1)
            found += 1
    own = re.sub(r"[\W\d_]", "", text)
    return not own or (text != before and found <= _WORDS_THAT_ARE_FEW and len(own) < _LEAST_OWN)
