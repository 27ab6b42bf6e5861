"""From a sweep to rows, and from rows to packs that train together."""
