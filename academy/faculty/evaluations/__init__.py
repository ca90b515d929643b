"""Attendance at lectures, and what those who were there say of them."""
