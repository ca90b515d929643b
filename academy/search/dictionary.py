"""The city's own terms: places, campaigns, slogans that must stay one token in segmentation."""

from sqlalchemy import select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.core.unique import get_or_create
from academy.jobs import api as jobs
from academy.search.events import TermChanged
from academy.search.models import Term
from academy.search.text import is_han, normalise, squeeze

SHORTEST, LONGEST = 2, 20


def add_dictionary_term(tx: Tx, actor: Actor, text: str) -> Term:
    """Add a term; lectures that contain it are indexed again.

    Raises:
        Invalid: not a Chinese word of 2 to 20 characters, or already present.
    """
    word = squeeze(normalise(text.strip()))
    if not SHORTEST <= len(word) <= LONGEST or not all(is_han(c) or c.isalnum() for c in word) or not is_han(word):
        raise Invalid(fields={"text": msg("请输入 2 到 20 个字的词语，不带标点。")})
    term, is_new = get_or_create(tx, Term, {"text": word}, added_by=actor.account_id)
    if not is_new:
        raise Invalid(fields={"text": msg("词典里已经有“%(word)s”。", word=word)})
    record(tx, actor, "search.term_added", f"term:{term.id}", text=word)
    jobs.publish(tx, TermChanged(word))
    return term


def ensure_dictionary_term(tx: Tx, actor: Actor, text: str) -> str:
    """Add the term unless it exists; returns it in stored form.

    Raises:
        Invalid: not a valid term.
    """
    word = squeeze(normalise(text.strip()))
    if tx.scalar(select(Term.id).where(Term.text == word)) is None:
        add_dictionary_term(tx, actor, word)
    return word


def remove_dictionary_term(tx: Tx, actor: Actor, term_id: int) -> None:
    """Remove a term.

    Raises:
        NotFound: there is no such term.
    """
    term = tx.get(Term, term_id)
    if term is None:
        raise NotFound
    record(tx, actor, "search.term_removed", f"term:{term.id}", text=term.text)
    jobs.publish(tx, TermChanged(term.text))
    tx.delete(term)


def dictionary_page(tx: Tx, number: int = 1, size: int = 50) -> Page[Term]:
    """The dictionary, newest first."""
    return page_of(tx, select(Term).order_by(Term.id.desc()), number, size)
