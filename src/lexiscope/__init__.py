"""See what a language model knows about words."""

__version__ = "0.1.0"
