"""Whether a chat is talk or a task: code, lists, orders to produce something, very long replies.

Orders are known in Spanish and English; of any other language only code, lists and lengths tell.
"""

import re
from collections.abc import Sequence
from typing import Literal, get_args

from quimbot.records.record import Message

Kind = Literal["code", "list", "task", "long", "talk"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LONG = 120
"""Words of a reply from which it is a text rather than a turn of talk."""
_ITEMS = 3
_CODE = re.compile(
    r"```|^\s*(?:def \w+\(|import \w+$|from \w+ import |#include\b|public (?:class|static)|"
    r"function \w+\(|SELECT .+ FROM |<\w+[^>]*>.*</\w+>\s*$|console\.log\(|print\()",
    re.MULTILINE,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)]|#{1,4})\s+\S", re.MULTILINE)
_VERBS = (
    r"escrib[ae]|gener[ae]|resum[ae]|resúme(?:me|lo)?|traduc[ei]|traduzca|calcul[ae]|redact[ae]|"
    r"clasifi(?:ca|que)|cre[ae](?: una?| el| la)|dad[oa]s?|expli(?:ca|que)(?:me)?|explíca(?:me)?|"
    r"actúa? como|haz(?:me)? una?|corri(?:ge|ja)|identifi(?:ca|que)|describ[ae]|dame \w+|"
    r"elabor[ae]|compar[ae]|enumer[ae]|complet[ae]|analí?[zc][ae]|propor?cion[ae]|respond[ae]|"
    r"encuentr[ae]|determin[ae]|conviert[ae]|desarroll[ae]|diseñ[ae]|list[ae]|orden[ae]|defin[ae]|"
    r"prepar[ae]|menci?on[ae]|escríbe(?:me|lo|la)?|le[ea] el|consider[ae]|resuelv[ae]|prop[óo]n|"
    r"diseñ[ae]|como expert[oa]|ayúda(?:me)? a (?:escribir|redactar|crear|hacer)|"
    r"(?:cuáles son|qué es|qué son|cuál es) (?:el|la|los|las|una?)|what (?:is|are) the|"
    r"imagina que eres|sugier[ae]|busca|edit[ae]|reescrib[ae]|argument[ae]|"
    r"write|generate|summari[sz]e|translate|calculate|create|explain|classify|list|describe|"
    r"compose|edit|rewrite|identify|given|implement|design|find|provide|suggest|act as|give me"
)
_TASK = re.compile(
    r"^\W*(?:por favor,? |please,? |(?:¿)?(?:puedes|podrías|puede|podría|could you|can you) |"
    r"(?:necesito|quiero|quisiera) (?:que (?:me )?)?|"
    r"i (?:need|want) you to |me (?:puedes|podrías) )?"
    rf"(?:(?:{_VERBS})(?! (?:mi|tu|su|él|ella) )\b|"
    r"(?:escribir|redactar|resumir|traducir|generar|crear|explicar(?:me)?|hacer(?:me)? una?|"
    r"(?:una?|el) (?:resumen|lista|ensayo|texto|tabla|ejemplo|carta|código|programa)|"
    r"hag[ao]s? una?|calcular|corregir|darme|write|make)\b)",
    re.IGNORECASE,
)


def kind_of(messages: Sequence[Message]) -> Kind:
    """The first of code, list, task and long that the chat is, else talk."""
    replies = [message.content for message in messages if message.role == "assistant"]
    asked = next((message.content for message in messages if message.role == "user"), "")
    if any(_CODE.search(text) for text in (asked, *replies)):
        return "code"
    if any(sum(1 for _ in _ITEM.finditer(text)) >= _ITEMS for text in replies):
        return "list"
    if orders(asked):
        return "task"
    return "long" if any(len(text.split(None, LONG)) > LONG for text in replies) else "talk"


def orders(asked: str) -> bool:
    """Whether a learner's first turn begins with an order to produce something."""
    return _TASK.match(asked) is not None
