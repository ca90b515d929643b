"""Set-up and upkeep of the repository; the academy itself imports nothing from here."""
