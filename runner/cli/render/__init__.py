"""How answers look: tables, pages, lines, files."""
