"""Reports and exported files, evidence packs, the copy of one's own data, previews of a change to a member."""

from academy.reports.access import access_file
from academy.reports.builder import REPORT_TITLES, build_report
from academy.reports.definitions import coverage_definition
from academy.reports.evidence import last_day
from academy.reports.lists import new_since
from academy.reports.member_changes import preview_change, preview_change_in
from academy.reports.period import recent_periods
from academy.reports.personal_copy import copy_personal_data, personal_overview, who_looked
from academy.reports.personnel_notes import draw_note
from academy.reports.programme import marks_of, programme_table, read_inquiry
from academy.reports.programme_pack import check_pack
from academy.reports.queries import list_exports
from academy.reports.service import EXPORT_KINDS, EXPORT_TITLES, REPORT_KINDS, request_export
from academy.reports.spreadsheets import REPORT_FORMATS, defuse_cell

__all__ = [
    "EXPORT_KINDS",
    "EXPORT_TITLES",
    "REPORT_FORMATS",
    "REPORT_KINDS",
    "REPORT_TITLES",
    "access_file",
    "build_report",
    "check_pack",
    "copy_personal_data",
    "coverage_definition",
    "defuse_cell",
    "draw_note",
    "last_day",
    "list_exports",
    "marks_of",
    "new_since",
    "personal_overview",
    "preview_change",
    "preview_change_in",
    "programme_table",
    "read_inquiry",
    "recent_periods",
    "request_export",
    "who_looked",
]
