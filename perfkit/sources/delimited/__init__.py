"""Delimited text: its encoding, dialect and records, as numbered columns of text."""
