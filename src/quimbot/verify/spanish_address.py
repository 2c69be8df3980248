"""How a Spanish text addresses its reader: tú, usted, vos, vosotros, ustedes, or nobody.

Told by pronouns and by verb forms, most of them from lists. What two share is weak: "te" and "tus"
go with tú and with vos. "Su", "le" and third persons tell nothing, since "su casa" may be his; a
text that is polite without a pronoun or a known command therefore counts as `none`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from quimbot.pedagogy.words import word_set

Address = Literal["tu", "usted", "vos", "vosotros", "ustedes", "mixed", "none"]
ADDRESSES: tuple[Address, ...] = get_args(Address)

_WORDS = {
    "tu": word_set(
        "tú contigo eres tienes quieres puedes sabes haces dices debes crees piensas prefieres "
        "necesitas vienes sientes vives hablas trabajas estudias conoces recuerdas entiendes "
        "juegas vuelves sales pones lees comes bebes gustas llegas usas buscas esperas miras "
        "llamas levantas acuestas encuentras cuentas duermes pasas llevas escuchas corres oyes "
        "sigues pides eliges cantas bailas viajas caminas enseñas aprendes escribes abres subes "
        "recibes decides cumples practicas tocas cambias terminas empiezas comienzas pierdes "
        "despiertas ofreces pareces mereces extrañas olvidas disfrutas deseas compartes "
        "celebras describes conduces consigues dime dinos dile dímelo haz hazlo hazla hazme dame "
        "ponte vete cuéntame cuéntanos explícame explícanos muéstrame ayúdame ayúdanos "
        "háblame enséñame mándame pásame "
        "llámame recuérdame pregúntale avísame escríbeme escríbele"
    ),
    "usted": word_set(
        "usted ud vd vds dígame dígamelo dígale permítame discúlpeme disculpe perdone háganos "
        "cuénteme cuéntenos explíqueme explíquenos ayúdeme ayúdenos llámeme llámenos muéstreme "
        "indíqueme envíeme envíenos déjeme recuérdeme pregúnteme avíseme hágame escríbame "
        "escríbanos sírvase tráigame"
    ),
    "vos": word_set(
        "vos sos tenés podés querés sabés hacés necesitás hablás trabajás estudiás pensás creés "
        "debés conocés entendés leés comés mirás llamás esperás usás buscás acordás llegás jugás "
        "empezás gustás pasás andás llevás escuchás volvés ponés perdés corrés aprendés extrañás "
        "olvidás decime decile contame contanos explicame mostrame ayudame ayudanos hablame "
        "mandame pasame escribime llamame avisame dejame esperame pensalo fijate acordate sentate "
        "imaginate "
        "mirá vení tomá poné hacé traé andá sacá probá pensá dejá contá buscá llamá hablá escuchá "
        "esperá usá leé elegí"
    ),
    "vosotros": word_set("vosotros vosotras vuestro vuestra vuestros vuestras os sois vais"),
    "ustedes": word_set("ustedes uds"),
    "weak": word_set(
        "te tu tus tuyo tuya tuyos tuyas vas estás has vayas eras fuiste tenías querías podías "
        "hacías decías vivías sabías irás harás serás podrás tendrás dirás querrás verás "
        "encontrarás necesitarás estarás aprenderás perderás sabrás lograrás deberías podrías "
        "querrías tendrías harías serías gustarías describirías dirías"
    ),
}
"""What each word tells by itself; `weak` is of tú and of vos."""
_KIND = {word: kind for kind, words in _WORDS.items() for word in words}

_COMMANDS = {
    "usted": word_set(
        "pase firme llame tome vaya gire repita escriba lea complete indique seleccione elija haga "
        "ponga diga venga traiga envíe use abra cierre marque responda describa explique imagine "
        "considere recuerde pregunte busque mezcle añada agregue deje cocine corte coloque compare "
        "calcule genere redacte elabore analice proporcione resuma traduzca evite intente utilice "
        "realice verifique conecte presione siga espere revise consulte mire hable practique"
    ),
    "vosotros": word_set(
        "venid mirad escuchad leed escribid haced poned decid salid tened recordad esperad dejad "
        "comed abrid cerrad pensad hablad traed recoged usad sentaos callad"
    ),
    "weak": word_set(
        "ven trae ve pon sal escribe mira toma deja escucha lee corre elige espera usa recuerda "
        "responde contesta describe resume completa intenta practica prueba imagina empieza sigue "
        "busca añade agrega crea mezcla evita"
    ),
}
"""Words that command where a sentence or a clause begins; elsewhere they are other forms."""
_COMMANDED = {word: kind for kind, words in _COMMANDS.items() for word in words}
_BEGINNING = re.compile(
    r"(?:\A|[.!?¡¿:;,\n(]|\b[yo](?= ))[\W_]*(\w+)(?! (?:mi|su|ella|él|que él|la gente)\b)"
)

_ENDINGS = (
    ("tu", re.compile(r"\w*[áéíóú]\w{1,4}[ae]te")),
    ("usted", re.compile(r"\w*[áéíóú]\w{1,4}[ae]se")),
    ("vosotros", re.compile(r"\w{2,}[áé]is|\w{3,}[aeií]d(?:me|nos|le|lo|la)")),
    ("either", re.compile(r"(?!pa|an|lu)\w{2,}ís")),
    (
        "weak",
        re.compile(
            r"\w{2,}aste|(?!exist|insist|consist|resist|asist|persist|desist|tr|ch|embist|despist|"
            r"rev|qu|v)\w{2,}iste"
        ),
    ),
)
"""Ends of a word that tell; `either` is of vos and of vosotros."""
_LIKELY = re.compile(r".*(?:[áéíóú].*[ai]?[ts]e|[áéí]i?s|[ai]ste|d(?:me|nos|le|lo|la))")

_PHRASES = re.compile(
    r"(?P<tu>\b(?:para|de|en|por|a|sin|hacia|sobre) ti\b|\bno te \w{3,}[ae]s\b)"
    r"|(?P<usted>\btenga la (?:bondad|amabilidad)|\bno se preocupe\b"
    r"|\ba su (?:disposición|servicio)"
    r"|\ble (?:agradec\w+|ruego|saluda|saludo|informo|informamos|recomiendo|sugiero|ofrezco|pido|"
    r"comunico|escribo|deseo|invito|gustaría)\b|¿(?:me|nos) (?:puede|podría)\b|"
    r"\b(?:puede|desea|podría|quiere)\b[^.?!]{0,40}, (?:señora?|señorita|doctora?)\b|"
    r"\b(?:estimad|distinguid)[oa]s? \w|\breciba un\b)"
    r"|(?P<weak>(?<!que )\b(?:quieras|puedas|tengas|sepas|hagas)\b|\bno (?:lo |la |le |me )?"
    r"(?:olvides|seas|hagas|digas|vayas|tengas|dejes|pierdas|uses|salgas|pongas|escribas|comas|"
    r"hables|mires|toques|llores|dudes|creas|compres|corras|vengas)\b)"
)
_NOT_WORDS = re.compile(r"\bOS\b|\bTE\b|(?:\bel|\bun|\bde|\bcon|\bal) té?\b|\bTu es\b")
_WORD = re.compile(r"\w+")
_SHARED: tuple[tuple[str, frozenset[str], str], ...] = (
    ("either", frozenset({"vosotros", "vos"}), "vos"),
    ("weak", frozenset({"tu", "vos"}), "tu"),
)
"""A form of two kinds, whose it is where one of them is there, and whose it is otherwise."""


def address(text: str) -> Address:
    """Whom the text speaks to; `mixed` where it uses tú or vos beside usted, or two dialects."""
    text = _NOT_WORDS.sub(" ", text).lower()
    found = set(_told_by_words(set(_WORD.findall(text))))
    found.update(_COMMANDED[word] for word in _BEGINNING.findall(text) if word in _COMMANDED)
    found.update(form.lastgroup or "" for form in _PHRASES.finditer(text))
    for shared, owners, otherwise in _SHARED:
        if shared in found:
            found.remove(shared)
            if not found & owners:
                found.add(otherwise)
    if "usted" in found:
        found.discard("ustedes")
    if len(found) > 1:
        return "mixed"
    return next((known for known in ADDRESSES if known in found), "none")


def _told_by_words(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word in _KIND:
            yield _KIND[word]
        elif _LIKELY.fullmatch(word):
            yield from (kind for kind, ending in _ENDINGS if ending.fullmatch(word))
