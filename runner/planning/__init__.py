"""Planning: the database rows of a sweep, and the packs of trials that are trained together."""
