"""The service functions of the library in one list; see their modules for documentation."""

from academy.library.categories import add_category, move_category, remove_category, seed_categories, update_category
from academy.library.drafts import create_course, discard_course, edit_course, find_lecturer, revise_course, set_cover
from academy.library.items import (
    add_item,
    move_item,
    remove_item,
    rename_item,
    reorder_items,
    replace_item,
    use_earlier_file,
)
from academy.library.publication import (
    approve_course,
    missing_parts,
    publish_course,
    republish_course,
    return_course,
    submit_course,
    withdraw_course,
)

__all__ = [
    "add_category",
    "add_item",
    "approve_course",
    "create_course",
    "discard_course",
    "edit_course",
    "find_lecturer",
    "missing_parts",
    "move_category",
    "move_item",
    "publish_course",
    "remove_category",
    "remove_item",
    "rename_item",
    "reorder_items",
    "replace_item",
    "republish_course",
    "return_course",
    "revise_course",
    "seed_categories",
    "set_cover",
    "submit_course",
    "update_category",
    "use_earlier_file",
    "withdraw_course",
]
