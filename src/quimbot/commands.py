"""What commands there are, and where each one's settings and work are found."""

from collections.abc import Callable
from typing import Any

from quimbot.exceptions import RecipeError
from quimbot.runs.recipe import suggestion
from quimbot.runs.stamp import Settings
from quimbot.runs.watch import Watch

Work = Callable[[Any, Watch], str]

COMMANDS = {
    "pull": "Read a corpus from a file, a folder or the hub as records.",
    "bank": "List, check and expand the error bank, with seeds of your own.",
    "generate": "Write dialogues with a teacher over the error bank, each one proved.",
    "filter": "Keep the records that pass the named checks; every rejected one has a reason.",
    "dedup": "Drop exact and near duplicates.",
    "decontaminate": "Drop what gives a suite's or a held-out learner turn away.",
    "design": "Tell what a Stage-2 corpus is worth: criteria, register, overlap, ratios, a recipe.",
    "split": "Part records into training and held-out, no family of learner turns on both sides.",
    "mix": "Blend files by share into one training mix.",
    "inventory": "Count what a folder of chat files holds, and what is wrong with it.",
    "card": "Write the page that a data set is published with, told from its manifests.",
    "train": "Train a LoRA adapter, from the base model or from an earlier checkpoint.",
    "perplexity": "Measure perplexity on held-out assistant tokens.",
    "score": "Let tutors answer a suite of learner turns and verify every reply.",
    "compare": "Put scored tutors side by side: who is better, and how surely.",
    "blind make": "Write a page on which people compare replies without knowing whose they are.",
    "blind open": "Count what they saved: who was preferred, and how far the raters agree.",
    "label make": "Write a page on which people answer, reply by reply, what the verifier answers.",
    "label open": "Hold what they saved against the verifier, and against each other.",
    "judge": "Ask any model for a second opinion on scored replies; nothing is chosen by it.",
    "select": "Pick a checkpoint by a stated rule, and say why.",
    "report": "Write one HTML page about a run.",
    "export": "Turn a checkpoint into other programs' formats, or a run into a vLLM server.",
    "doctor": "Tell what this machine can train, and what is in its way.",
    "serve": "Serve tutors over an OpenAI-compatible API, with a chat page.",
    "invite": "Make a link by which a learner, an instructor or an owner comes in.",
    "key make": "Make a key with which a program uses the API.",
    "key list": "List the keys, for whom they stand and when they were last used.",
    "key revoke": "Make a key open nothing any more.",
    "people list": "List who there is on a server, and when they last spoke.",
    "people delete": "Forget a person and all that is theirs, without asking.",
}
"""Every command that can do its work unattended, in data order, and what it does."""

FAMILIES = {
    "blind": "Let people compare tutors without knowing who is who.",
    "label": "Let people check the verifier itself.",
    "key": "Let programs use the API of a server.",
    "people": "See who there is on a server, and forget somebody.",
}
"""What the commands of two words have in common, by their first word."""


Found = tuple[type[Settings], Work]


def command(name: str) -> Found:
    """The settings type and the work of a command; only its own module is imported.

    Raises:
        RecipeError: there is no such command.
    """
    for group in (_making, _telling, _training, _measuring, _asking, _serving):
        if found := group(name):
            return found
    raise RecipeError(
        f"unknown command {name!r}; allowed: {', '.join(COMMANDS)}{suggestion(name, COMMANDS)}"
    )


def _making(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What writes records, and what keeps or lets fall."""
    match name:
        case "pull":
            from quimbot.sources.pull import PullSettings, pull

            return PullSettings, pull
        case "bank":
            from quimbot.pedagogy.bank.browse import BankSettings, bank

            return BankSettings, bank
        case "generate":
            from quimbot.generate.campaign import GenerateSettings, generate

            return GenerateSettings, generate
        case "filter":
            from quimbot.curate.filter import FilterSettings, filter_records

            return FilterSettings, filter_records
        case "dedup":
            from quimbot.curate.dedup import DedupSettings, dedup

            return DedupSettings, dedup
        case "decontaminate":
            from quimbot.curate.decontaminate import DecontaminateSettings, decontaminate

            return DecontaminateSettings, decontaminate
        case "split":
            from quimbot.curate.split import SplitSettings, split

            return SplitSettings, split
        case "mix":
            from quimbot.curate.mix import MixSettings, mix

            return MixSettings, mix
    return None


def _telling(name: str) -> Found | None:
    """What tells of data, and of what can be done with them."""
    match name:
        case "inventory":
            from quimbot.curate.inventory import InventorySettings, inventory

            return InventorySettings, inventory
        case "card":
            from quimbot.curate.data_card import CardSettings, data_card

            return CardSettings, data_card
        case "design":
            from quimbot.curate.design import DesignSettings, design

            return DesignSettings, design
        case "doctor":
            from quimbot.train.doctor import DoctorSettings, doctor

            return DoctorSettings, doctor
    return None


def _training(name: str) -> Found | None:
    """What makes an adapter, and takes it elsewhere."""
    match name:
        case "train":
            from quimbot.train.loop import train
            from quimbot.train.settings import TrainSettings

            return TrainSettings, train
        case "export":
            from quimbot.export.export import ExportSettings, export

            return ExportSettings, export
    return None


def _measuring(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What measures and chooses."""
    match name:
        case "perplexity":
            from quimbot.evaluate.perplexity import PerplexitySettings, perplexity

            return PerplexitySettings, perplexity
        case "score":
            from quimbot.evaluate.score import ScoreSettings, score

            return ScoreSettings, score
        case "compare":
            from quimbot.evaluate.versus import CompareSettings, compare_tutors

            return CompareSettings, compare_tutors
        case "judge":
            from quimbot.evaluate.judge import JudgeSettings, judge

            return JudgeSettings, judge
        case "select":
            from quimbot.evaluate.select import SelectSettings, select

            return SelectSettings, select
        case "report":
            from quimbot.evaluate.report import ReportSettings, report

            return ReportSettings, report
    return None


def _asking(name: str) -> Found | None:
    """What people are asked."""
    match name:
        case "blind make":
            from quimbot.evaluate.blind.make import BlindMakeSettings, make

            return BlindMakeSettings, make
        case "blind open":
            from quimbot.evaluate.blind.open import BlindOpenSettings, open_

            return BlindOpenSettings, open_
        case "label make":
            from quimbot.evaluate.label.make import LabelMakeSettings, label_make

            return LabelMakeSettings, label_make
        case "label open":
            from quimbot.evaluate.label.open import LabelOpenSettings, label_open

            return LabelOpenSettings, label_open
    return None


def _serving(name: str) -> Found | None:  # noqa: PLR0911 - one case a command
    """What brings tutors to learners."""
    match name:
        case "serve":
            from quimbot.serve.server import ServeSettings, serve

            return ServeSettings, serve
        case "invite":
            from quimbot.serve.invite import InviteSettings, invite

            return InviteSettings, invite
        case "key make":
            from quimbot.serve.keys import KeyMakeSettings, key_make

            return KeyMakeSettings, key_make
        case "key list":
            from quimbot.serve.keys import KeyListSettings, key_list

            return KeyListSettings, key_list
        case "key revoke":
            from quimbot.serve.keys import KeyRevokeSettings, key_revoke

            return KeyRevokeSettings, key_revoke
        case "people list":
            from quimbot.serve.people import PeopleListSettings, people_list

            return PeopleListSettings, people_list
        case "people delete":
            from quimbot.serve.people import PeopleDeleteSettings, people_delete

            return PeopleDeleteSettings, people_delete
    return None
