"""The service functions of the library in one list; see their modules for documentation."""

from academy.library.categories import add_category, move_category, remove_category, seed_categories, update_category
from academy.library.drafts import create_course, discard, edit_course, find_lecturer, revise, set_cover
from academy.library.items import (
    add_item,
    move_item,
    remove_item,
    rename_item,
    reorder_items,
    replace_item,
    use_earlier_file,
)
from academy.library.publication import approve, missing, publish, republish, return_, submit, withdraw

__all__ = [
    "add_category",
    "add_item",
    "approve",
    "create_course",
    "discard",
    "edit_course",
    "find_lecturer",
    "missing",
    "move_category",
    "move_item",
    "publish",
    "remove_category",
    "remove_item",
    "rename_item",
    "reorder_items",
    "replace_item",
    "republish",
    "return_",
    "revise",
    "seed_categories",
    "set_cover",
    "submit",
    "update_category",
    "use_earlier_file",
    "withdraw",
]
