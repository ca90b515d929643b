"""Roster files and lists of changes: read, checked against the register, applied completely or not at all."""

from academy.roster.changes import CHANGE_FIELDS, MOST_CHANGES, accept_changes
from academy.roster.columns import COLUMNS_BY_KIND, RosterColumn, guess, unused_headings
from academy.roster.findings import FINDING_KINDS
from academy.roster.imports import (
    begin_import,
    check_corrected_rows,
    choose_columns,
    confirm_import,
    discard_import,
    import_job,
    import_of_id,
    imports_under,
    read_findings,
    receive_corrected_rows,
    receive_file,
)
from academy.roster.rejected_rows import rejected_rows_csv, rejected_rows_sheet, roster_template
from academy.roster.sheet_table import MOST_COLUMNS, HeadingQuery
from academy.roster.sheets import open_table

__all__ = [
    "CHANGE_FIELDS",
    "COLUMNS_BY_KIND",
    "FINDING_KINDS",
    "MOST_CHANGES",
    "MOST_COLUMNS",
    "HeadingQuery",
    "RosterColumn",
    "accept_changes",
    "begin_import",
    "check_corrected_rows",
    "choose_columns",
    "confirm_import",
    "discard_import",
    "guess",
    "import_job",
    "import_of_id",
    "imports_under",
    "open_table",
    "read_findings",
    "receive_corrected_rows",
    "receive_file",
    "rejected_rows_csv",
    "rejected_rows_sheet",
    "roster_template",
    "unused_headings",
]
