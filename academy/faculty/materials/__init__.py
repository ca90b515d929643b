"""Syllabus and handout of a lecture: written in versions, reviewed, and approved before they are taught."""
