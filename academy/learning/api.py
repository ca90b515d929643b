"""Playback leases, heartbeats, watched time, starts and completions, corrections.

Positions, spans and lengths are in the unit of the item: media milliseconds, or pages of a document. `seq` counts the
reports of one lease.
"""

from academy.learning.access import access_correction, access_evidence, access_lease, access_recut
from academy.learning.correction_queries import (
    completions_of,
    corrections_of,
    count_waiting_corrections,
    waiting_corrections,
)
from academy.learning.corrections import (
    CORRECTION_DECIDERS,
    CORRECTION_KINDS,
    CORRECTION_PROPOSERS,
    approve_correction,
    decline_correction,
    propose_correction,
)
from academy.learning.devices import device_label, device_of
from academy.learning.events import CorrectionApproved, CourseFinished, CourseStarted, CourseStruck, RecutDeclared
from academy.learning.evidence import collect_evidence, evidence_csv
from academy.learning.extents import covered_time, study_time
from academy.learning.group_commit import Committer
from academy.learning.heartbeats import (
    MAX_HEARTBEAT_BYTES,
    MAX_SEQ,
    BadHeartbeat,
    HeartbeatOutcome,
    LeaseRefused,
    read_heartbeat,
)
from academy.learning.metrics import Meter, new_metrics_folder
from academy.learning.models import KeptForm, LeaseEnd
from academy.learning.moved_places import DeclaredRecuts, MovedPlace
from academy.learning.offline import KeptLease, keep_lecture, renew_kept
from academy.learning.playback_page import PlaybackPage, load_playback_page
from academy.learning.queries import (
    ItemProgress,
    Ledger,
    Recent,
    completed_versions,
    course_states,
    item_states,
    ledger_of,
    recently_begun,
    watched_shares,
)
from academy.learning.reach import CountyReach, course_reach
from academy.learning.record import RecordYear, record_of_year, record_years
from academy.learning.recuts import (
    carry_over_credit,
    declared_mapping,
    latest_recut,
    preview_recut,
    read_recut_mapping,
)
from academy.learning.refusals import explain_refusal
from academy.learning.repair import derive_from_ledgers, ledger_differences, repair_ledgers
from academy.learning.rules import PAGE_MS, Span, Unit, milliseconds_of, pack_spans, remap_spans, unpack_spans
from academy.learning.service import OtherDevice, end_lease, open_lease
from academy.learning.tokens import Signer

__all__ = [
    "CORRECTION_DECIDERS",
    "CORRECTION_KINDS",
    "CORRECTION_PROPOSERS",
    "MAX_HEARTBEAT_BYTES",
    "MAX_SEQ",
    "PAGE_MS",
    "BadHeartbeat",
    "Committer",
    "CorrectionApproved",
    "CountyReach",
    "CourseFinished",
    "CourseStarted",
    "CourseStruck",
    "DeclaredRecuts",
    "HeartbeatOutcome",
    "ItemProgress",
    "KeptForm",
    "KeptLease",
    "LeaseEnd",
    "LeaseRefused",
    "Ledger",
    "Meter",
    "MovedPlace",
    "OtherDevice",
    "PlaybackPage",
    "Recent",
    "RecordYear",
    "RecutDeclared",
    "Signer",
    "Span",
    "Unit",
    "access_correction",
    "access_evidence",
    "access_lease",
    "access_recut",
    "approve_correction",
    "carry_over_credit",
    "collect_evidence",
    "completed_versions",
    "completions_of",
    "corrections_of",
    "count_waiting_corrections",
    "course_reach",
    "course_states",
    "covered_time",
    "declared_mapping",
    "decline_correction",
    "derive_from_ledgers",
    "device_label",
    "device_of",
    "end_lease",
    "evidence_csv",
    "explain_refusal",
    "item_states",
    "keep_lecture",
    "latest_recut",
    "ledger_differences",
    "ledger_of",
    "load_playback_page",
    "milliseconds_of",
    "new_metrics_folder",
    "open_lease",
    "pack_spans",
    "preview_recut",
    "propose_correction",
    "read_heartbeat",
    "read_recut_mapping",
    "recently_begun",
    "record_of_year",
    "record_years",
    "remap_spans",
    "renew_kept",
    "repair_ledgers",
    "study_time",
    "unpack_spans",
    "waiting_corrections",
    "watched_shares",
]
