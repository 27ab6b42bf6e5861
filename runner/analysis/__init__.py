"""What the numbers of many trials say: spreads, paired differences, shares of variance. Arrays in, arrays out."""
