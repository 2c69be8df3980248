"""Names and secrets that nobody can guess; of a secret only its hash is kept."""

import hashlib
import secrets


def new_id() -> str:
    """A name of 128 random bits, safe in an address."""
    return secrets.token_urlsafe(16)


def new_secret(start: str = "") -> str:
    """A secret of 256 random bits, safe in an address and a header."""
    return start + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a secret; a slow hash would add nothing to 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
