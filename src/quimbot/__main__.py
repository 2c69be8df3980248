"""`python -m quimbot`, which is how launchers start several processes."""

from quimbot.cli import main

main()
