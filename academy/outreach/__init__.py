"""Reminding those who are not done: reminders, delegation to branches, and their effect."""
