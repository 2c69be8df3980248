"""Somebody who uses the tutors."""

from typing import Literal

import msgspec

from quimbot.pedagogy.learner import Profile

Role = Literal["learner", "instructor", "owner"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who uses the tutors."""

    id: str
    name: str = ""
    role: Role = "learner"
    profile: Profile = Profile()
    language: str = ""
    """Of the pages; empty: as the browser asks."""
    consent: bool = False
    """Whether the instructors of their classes may read their conversations."""
