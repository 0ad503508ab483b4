"""Workbooks: their sheets, headings and cells, as numbered columns of marked text."""
