"""The command line. Importing this package is light: a command's module is loaded when it is called."""

from generator.cli.main import main

__all__ = ["main"]
