"""fitgap itself, as it is measured. What these files need to know of its inside is kept here, out of the tables."""
