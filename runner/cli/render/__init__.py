"""Rendering of answers: tables, pages, lines, files."""
