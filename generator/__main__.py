"""`python -m generator` is the command `capewatch`."""

from generator.cli import main

main()
