"""Who is covered: tables down to the name, breakdowns by group, forecasts."""
