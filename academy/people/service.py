"""Service functions of people and organisations in one list; see their modules."""

from academy.people.exemptions import approve_exemption, request_exemption, revoke_exemption
from academy.people.members import add_member, change_status, edit_member, masked_phone, sealed_phone, transfer_member
from academy.people.mergers import merge_organisation, undo_merger
from academy.people.organisations import (
    close_organisation,
    create_organisation,
    move_organisation,
    rename_organisation,
    set_sector,
)

__all__ = [
    "add_member",
    "approve_exemption",
    "change_status",
    "close_organisation",
    "create_organisation",
    "edit_member",
    "masked_phone",
    "merge_organisation",
    "move_organisation",
    "rename_organisation",
    "request_exemption",
    "revoke_exemption",
    "sealed_phone",
    "set_sector",
    "transfer_member",
    "undo_merger",
]
