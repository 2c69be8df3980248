"""Whether a reply refuses, or speaks of itself as a language model, in English or Spanish."""

import re
from collections.abc import Sequence

from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, fallen
from quimbot.verify.wording import fold, folded_replies, holds, standing

_OPENING = 300
"""Characters of a reply in which a refusal is looked for: later ones are told about, not made."""

_BOILERPLATE_CUES = (
    *("language model", " ai", "artificial", "openai", "as of my", "my training", "my knowledge"),
    *("personal ", "modelo de leng", "una ia", "mi fecha", "mi entrena", "mi última", "no tengo "),
)
"""Every boilerplate holds one of these."""
_BOILERPLATE = re.compile(
    r"\bas an? (?:large |text-based |responsible )?"
    r"(?:ai|artificial intelligence|language model)\b(?! (?:researcher|engineer|"
    r"expert|developer|scientist|student|company|startup|enthusiast|professional|tool|system))"
    r"|\bi(?:'m| am)(?: just| only| simply| merely)? an? (?:large )?"
    r"(?:ai\b|artificial intelligence|language model)"
    r"(?! (?:researcher|engineer|expert|developer|scientist|student))"
    r"|\ba (?:large )?language model (?:\w+ )?(?:trained|developed|created|made|called|designed)\b"
    r"|\bmy (?:knowledge cut-?off|training (?:data|cut-?off))"
    r"|\bas of my (?:last|most recent|knowledge|latest) (?:knowledge )?(?:update|training|cut-?off)"
    r"|\b(?:created|developed|made|trained) by openai\b"
    r"|\bi (?:do not|don't|cannot|can't) have (?:any )?personal "
    r"(?:opinions?|experiences?|feelings?|beliefs?)"
    r"|\bcomo (?:soy )?(?:(?:un )?(?:gran )?modelo de lenguaje|"
    r"una (?:ia\b|inteligencia artificial,))"
    r"|\bsoy (?:solo |sólo |solamente |simplemente )?(?:un modelo de lenguaje|una ia\b|"
    r"una inteligencia artificial)"
    r"|\bmi fecha de corte|\bhasta mi última actualización"
    r"|\bmi entrenamiento (?:termin|lleg|se basa)"
    r"|\bno tengo (?:opiniones|sentimientos|emociones)(?: propi[oa]s| personales| ni\b|,)"
)

_DO = (
    r"(?:assist|help|fulfil|compl[yi]|provide|create|generate|write|engage|support|condone|"
    r"discuss|answer|respond|participate|share|offer|promote|do that|continue|give (?:you )?"
    r"(?:medical|legal|financial)|encourage|access|browse|process|recommend)"
)
_HACER = (
    r"(?:ayudar|asistir|proporcionar|cumplir|responder|generar|crear|ofrecer|participar|escribir|"
    r"hacer eso|apoyar|promover|compartir|dar(?:te|le)? (?:consejos|información)|acceder|brindar)"
)
_REFUSAL_CUES = (
    *("cannot", "can't", "won't", "able to", "not program", "decline", "against my"),
    *("not comfortable", "sorry", "no puedo", "no podr", "no me es", "no soy", "no estoy prog"),
)
_REFUSAL = re.compile(
    r"\b(?:i (?:cannot|can't|won't|am unable to|am not able to|won't be able to)"
    r"|i'm (?:unable|not able) to) (?:really |directly |actually |be able to |in good conscience )?"
    rf"{_DO}"
    r"|\b(?:i'm |i am )?sorry,? (?:but )?i (?:do not|don't) have "
    r"(?:enough|access|the ability|any information)\b"
    r"|\bi(?:'m| am) not programmed to\b|\bi (?:must|have to) (?:respectfully |politely )?decline\b"
    r"|\b(?:it (?:is|goes)|this (?:is|goes)|that (?:is|goes)) against my "
    r"(?:programming|guidelines|policies|policy|ethical|principles)"
    r"|\bi(?:'m| am) not comfortable (?:with (?:this|that)|writing|creating|providing|helping)"
    rf"|\bno (?:puedo|podré|podría|me es posible|soy capaz de) {_HACER}"
    r"|\bno estoy programad[oa] para\b"
)
_CUES = (*_BOILERPLATE_CUES, *_REFUSAL_CUES)
_LEAD = re.compile(
    r"(?:^|[.!?,:;\n]|\b(?:but|sorry|unfortunately|however|that|and|pero|que|y))\s*$"
)
"""What stands before a refusal; after any other word somebody else speaks, or of other things."""


class Refusals:
    """Passes a record none of whose replies refuses or speaks of itself as a language model."""

    name = "refusals"

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        replies = folded_replies(records)
        cues = standing(_CUES, "\n".join(replies))
        return [
            _verdict(record) if holds(text, cues) else PASSED
            for record, text in zip(records, replies, strict=True)
        ]


def _verdict(record: Record) -> Verdict:
    messages = record.messages
    for at, message in enumerate(messages):
        if message.role == "assistant":
            text = fold(message.content)
            if found := _BOILERPLATE.search(text):
                return fallen("boilerplate", messages, at, *found.span())
            if found := _refusal(text[:_OPENING]):
                return fallen("refusal", messages, at, *found.span())
    return PASSED


def _refusal(opening: str) -> re.Match[str] | None:
    """The first refusal that the reply makes itself."""
    for found in _REFUSAL.finditer(opening):
        if _LEAD.search(opening[max(found.start() - 20, 0) : found.start()]):
            return found
    return None
