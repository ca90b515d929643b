"""Campaigns, audiences, coverage cells, reminders."""
