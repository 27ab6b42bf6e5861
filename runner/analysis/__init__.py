"""Statistics over many trials: spreads, paired differences, shares of variance. Arrays in, arrays out."""
