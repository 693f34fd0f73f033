"""Versions of the site on a branch of their own: cut, kept, compared, rebuilt. Knows git; computes no number."""
