/* What every page gains from a script; without it, nothing is missing. */
