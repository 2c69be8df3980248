"""How a data set was made, step by step, as the manifests of its ancestors tell it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from quimbot.curate.lineage import Ancestor
from quimbot.curate.markdown import bullets, code, joined, prose, table
from quimbot.records.manifest import Manifest

_STEPS = {
    "pull": "read from a corpus",
    "generate": "written by a teacher and proved",
    "filter": "filtered",
    "dedup": "duplicates taken out",
    "decontaminate": "overlap with test sets taken out",
    "split": "parted into training and held-out",
    "mix": "mixed by share",
}
_UNTOLD = {
    "no-manifest": "No manifest lies beside it, so nothing more is known of it here.",
    "changed": "It has been made anew since, so nothing is told of the one that was used.",
}
_MANY = 12
"""Counts of one kind that are listed; a longer list is left to the manifest."""


def history(lineage: Sequence[Ancestor]) -> str:
    """Every file on the way, the sources first."""
    return "\n\n".join(
        f"### {number}. {prose(ancestor.name)}{_what(ancestor)}\n\n{_told(ancestor)}"
        for number, ancestor in enumerate(lineage, 1)
    )


def public(value: object) -> object:
    """A setting without the folders of the machine that it was used on."""
    if isinstance(value, list):
        return [public(one) for one in value]
    return Path(value).name if isinstance(value, str) and value.startswith("/") else value


def _what(ancestor: Ancestor) -> str:
    what = _STEPS.get(ancestor.step, ancestor.step)
    return f": {what}" if what else ""


def _told(ancestor: Ancestor) -> str:
    manifest = ancestor.manifest
    if manifest is None:
        return f"{_UNTOLD[ancestor.known]} SHA-256 {code(ancestor.sha256)}."
    return "\n\n".join(_paragraphs(manifest))


def _paragraphs(manifest: Manifest) -> Iterator[str]:
    parents = [code(Path(parent.path).name) for parent in manifest.parents]
    yield f"{manifest.rows:,} chats{f', from {joined(parents)}' if parents else ''}."
    for name, fact in manifest.facts.items():
        match name, fact:
            case "funnel", {"steps": [*steps]}:
                yield from _funnel(steps)
            case "parts", [*parts]:
                yield _shares(parts)
            case "rejected", {} if "funnel" not in manifest.facts:
                if fact:
                    yield f"Rejected: {_by(fact)}."
    lines = [f"{prose(name.replace('_', ' '))}: {told}" for name, told in _others(manifest.facts)]
    if lines:
        yield bullets(lines)
    if manifest.settings:
        settings = {key: public(value) for key, value in manifest.settings.items()}
        text = msgspec.json.format(msgspec.json.encode(settings), indent=2).decode()
        yield f"<details><summary>Settings</summary>\n\n```json\n{text}\n```\n\n</details>"


def _funnel(steps: Sequence[Any]) -> Iterator[str]:
    """The checks in order, what each took out, and what it found."""
    rows = [
        (code(step["check"]), f"{step['in']:,}", f"{step['out']:,}", _by(step["reasons"]))
        for step in steps
    ]
    yield table(("check", "in", "out", "taken out"), rows)
    found = [
        f"{code(step['check'])} found {_by(step['found'])}" for step in steps if step.get("found")
    ]
    if found:
        yield bullets(found)


def _shares(parts: Sequence[Any]) -> str:
    """The parts of a mix: what was asked and what was reached."""
    total = sum(part["reached"] for part in parts) or 1
    rows = [
        (
            code(str(public(part["part"]))),
            *(f"{part[key]:,}" for key in ("available", "asked", "reached")),
            f"{part['reached'] / total:.1%}",
        )
        for part in parts
    ]
    return table(("part:share", "available", "asked", "reached", "share reached"), rows)


def _others(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Facts of a step that have no form of their own."""
    for name, fact in facts.items():
        match fact:
            case int() | float():
                yield name, f"{fact:,}"
            case str():
                yield name, prose(fact)
            case {} if name not in ("funnel", "rejected") and len(fact) <= _MANY:
                if fact and all(isinstance(count, int) for count in fact.values()):
                    yield name, _by(fact)


def _by(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {code(name)}" for name, count in ranked)
