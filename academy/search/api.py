"""Search in published lectures, its dictionary and its log of queries."""

from academy.search.backends.selection import search_backend
from academy.search.dictionary import (
    add_dictionary_term,
    dictionary_page,
    ensure_dictionary_term,
    remove_dictionary_term,
)
from academy.search.index_check import check_index
from academy.search.queries import load_segmenter, published_course_ids, stream_lectures
from academy.search.query_log import asked_queries, flush_query_log, record_query
from academy.search.results import FINISHED_FILTER, LENGTH_FILTERS, SORT_ORDERS, SearchFilters
from academy.search.service import search_item, search_lectures, suggest_queries

__all__ = [
    "FINISHED_FILTER",
    "LENGTH_FILTERS",
    "SORT_ORDERS",
    "SearchFilters",
    "add_dictionary_term",
    "asked_queries",
    "check_index",
    "dictionary_page",
    "ensure_dictionary_term",
    "flush_query_log",
    "load_segmenter",
    "published_course_ids",
    "record_query",
    "remove_dictionary_term",
    "search_backend",
    "search_item",
    "search_lectures",
    "stream_lectures",
    "suggest_queries",
]
