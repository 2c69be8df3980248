"""The text of a data card: a head for hubs, then what a person asks before using the data."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.curate.card_history import history, public
from quimbot.curate.licences import terms
from quimbot.curate.lineage import Ancestor, relative
from quimbot.curate.markdown import bullets, code, counted, plain, prose, table
from quimbot.pedagogy.words import word_set
from quimbot.records.manifest import Manifest
from quimbot.records.record import Record

_SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGER = "1M<n<10M"
_HUB_LICENCES = word_set(
    "mit apache-2.0 bsd-2-clause bsd-3-clause cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 "
    "cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 "
    "cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 "
    "odc-by odbl pddl unlicense gpl-3.0 lgpl-3.0 llama3 llama3.1 llama3.2 gemma unknown"
)
"""The licences that hubs know by a short name; any other is `other` there."""
_SPOKEN = 0.02
"""Share of the sample from which a language counts as one of the data set."""
_EXAMPLE = 1200
"""Characters of the example."""
_LACKS = {
    "filter": "no filter was run",
    "dedup": "no duplicates were taken out",
    "decontaminate": "no overlap with test sets was looked for",
}
_FIELDS = {
    "messages": "the chat: `role` (system, user, assistant) and `content` of each turn",
    "lessons": "for each reply that answers a learner's error: the turn, the move it was to make, "
    "acceptable corrections, ERRANT error types, and the verifier's verdict",
    "provenance": "source, licence and origin of the chat, and who wrote it",
    "tags": "whatever else is known of the chat",
    "id": "hash of the messages",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a data set, and what was counted in it."""

    split: str
    path: Path
    lineage: list[Ancestor]
    """Parents before children; the file itself last."""
    manifest: Manifest
    origins: Counter[tuple[str, str]]
    """Chats by source and licence."""
    languages: Counter[str]
    """Of a sample of chats."""
    lessons: Counter[str]
    """`passed`, `failed` and `unproved` lessons; `none` counts chats without any."""
    first: Record


def card(name: str, parts: Sequence[Part], folder: Path) -> str:
    """The card of a data set whose main file comes first, for a file of that folder."""
    main = parts[0]
    sections = (
        f"---\n{_head(name, parts, folder)}\n---",
        f"# {prose(name)}",
        _about(parts),
        f"## What is in it\n\n{_contents(parts)}",
        f"## One of its chats\n\n{_example(main.first)}",
        f"## How it was made\n\n{history(main.lineage)}",
        f"## Licences of its parts\n\n{_licences(main)}",
        f"## Known limits\n\n{bullets(_limits(main)) or 'None is known.'}",
        f"## Checksums\n\n{_checksums(parts, folder)}",
    )
    return "\n\n".join(sections) + "\n"


def _head(name: str, parts: Sequence[Part], folder: Path) -> str:
    """The YAML that hubs read, every value in the part of YAML that is JSON."""
    known = {licence: _hub_licence(licence) for licence in parts[0].manifest.licences}
    licences = list(dict.fromkeys(known.values()))
    named = [plain(licence) for licence, hub in known.items() if hub == "other"]
    files = [{"split": part.split, "path": relative(part.path, folder)} for part in parts]
    head: dict[str, object] = {
        "pretty_name": plain(name),
        "license": licences[0] if len(licences) == 1 else licences,
        **({"license_name": ", ".join(named)} if named else {}),
        "language": _languages(parts[0]),
        "size_categories": [_size(sum(part.manifest.rows for part in parts))],
        "task_categories": ["text-generation"],
        "tags": ["conversational", *(["language-learning"] if parts[0].manifest.moves else [])],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return "\n".join(
        f"{key}: {msgspec.json.encode(value).decode()}" for key, value in head.items() if value
    )


def _about(parts: Sequence[Part]) -> str:
    manifest = parts[0].manifest
    total = sum(part.manifest.rows for part in parts)
    sources = ", ".join(map(code, manifest.sources))
    told = f"{total:,} chats from {sources}"
    if manifest.moves:
        told += (
            ". In some a tutor answers a learner's error, by one of four moves: a recast says the "
            "right form back inside a natural reply, an elicitation asks for another try, an "
            "expansion builds on what was said, a hint names the grammar without the form"
        )
    return f"{told}."


def _contents(parts: Sequence[Part]) -> str:
    main = parts[0]
    rows = {
        "Chats": "; ".join(f"{part.manifest.rows:,} {part.split}" for part in parts),
        "Bytes": "; ".join(f"{part.manifest.bytes:,}" for part in parts),
        "Sources": counted(main.manifest.sources),
        "Written by": counted(main.manifest.authors),
        "Lessons by move": counted(main.manifest.moves),
        "Lessons by verdict": counted(
            {name: count for name, count in main.lessons.items() if name != "none"}
        ),
        "Chats without a lesson": f"{main.lessons['none']:,}",
        "Languages": f"{counted(main.languages)}, of a sample of {main.languages.total():,}",
    }
    fields = bullets(f"{code(name)}: {what}" for name, what in _FIELDS.items())
    return (
        f"{table(('', ''), [(key, value) for key, value in rows.items() if value])}\n\n"
        f"A line is one chat as JSON:\n\n{fields}"
    )


def _example(record: Record) -> str:
    lessons = tuple(msgspec.structs.replace(lesson, verdict=None) for lesson in record.lessons)
    short = msgspec.structs.replace(record, lessons=lessons)
    text = msgspec.json.format(msgspec.json.encode(short), indent=2).decode()
    if len(text) > _EXAMPLE:
        text = f"{text[:_EXAMPLE].rpartition(chr(10))[0]}\n…"
    return f"```json\n{text}\n```"


def _licences(part: Part) -> str:
    rows = [
        (code(source), prose(licence), f"{count:,}")
        for (source, licence), count in sorted(part.origins.items(), key=lambda item: -item[1])
    ]
    listed = table(("source", "licence", "chats"), rows)
    licences = dict.fromkeys(licence for _, licence in part.origins)
    known = [f"{prose(name)} {asks}." for name in licences if (asks := terms(name))]
    whole = "Each part keeps its own licence; who uses the whole obeys them all."
    parts = (listed, bullets(known), whole if len(licences) > 1 else "")
    return "\n\n".join(filter(None, parts))


def _limits(part: Part) -> Iterator[str]:
    """What a user should know before trusting the data; only what was counted or recorded."""
    manifest = part.manifest
    counted_limits = (
        (
            manifest.licences.get("unknown", 0),
            "chats have a licence that is not known: ask before you publish or train on them.",
        ),
        (part.lessons["unproved"], "lessons were never proved by the move verifier."),
        (part.lessons["failed"], "lessons failed the move verifier and are here still."),
        (part.lessons["none"], "chats have no lesson: nothing is proved about their replies."),
        (manifest.authors.get("", 0), "chats do not say who wrote their replies."),
    )
    yield from (f"{count:,} {what}" for count, what in counted_limits if count)
    yield from _untold(part.lineage)
    parts = manifest.facts.get("parts")
    for one in parts if isinstance(parts, list) else []:
        if one["reached"] < one["asked"]:
            name = code(str(public(one["part"])))
            yield f"{name} has {one['reached']:,} of the {one['asked']:,} asked."


def _untold(lineage: Sequence[Ancestor]) -> Iterator[str]:
    """Steps that the history does not show, and where it breaks off."""
    steps = {ancestor.step for ancestor in lineage}
    for step, lack in _LACKS.items():
        if step not in steps:
            yield f"As far as the manifests tell, {lack}."
    for ancestor in lineage:
        if ancestor.known == "changed":
            yield f"The history of {code(ancestor.name)} is lost: it has been made anew since."


def _checksums(parts: Sequence[Part], folder: Path) -> str:
    sums = "\n".join(f"{part.manifest.sha256}  {relative(part.path, folder)}" for part in parts)
    return f"Save these lines and run `sha256sum --check` on them:\n\n```\n{sums}\n```"


def _languages(part: Part) -> list[str]:
    """The codes of the languages that a good share of the sample is written in."""
    least = _SPOKEN * part.languages.total()
    return [
        code for code, count in part.languages.most_common() if count >= least and code != "unsure"
    ]


def _hub_licence(licence: str) -> str:
    """The name under which hubs know a licence."""
    name = licence.strip().lower().replace(" ", "-")
    return name if name in _HUB_LICENCES else "other"


def _size(rows: int) -> str:
    return next((name for below, name in _SIZES if rows < below), _LARGER)
