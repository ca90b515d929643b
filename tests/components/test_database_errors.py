"""What the database says of an error may be logged: it names no values."""

import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from academy.core.collisions import is_duplicate
from academy.core.database import Tx
from academy.core.runtime import Runtime
from tests.support import factories as make

SECRET = "赵小满一三八零零"
STATEMENTS = {
    "a key that is taken": "UPDATE accounts SET username = :secret",
    "a row against a rule": "UPDATE members SET name = :secret, status = 'nonsense'",
    "a row without what it needs": "UPDATE members SET name = :secret, organisation_id = NULL",
    "a row that others refer to": "DELETE FROM organisations WHERE name = :secret",
    "text where a number belongs": "SELECT 1 FROM members WHERE CAST(:secret AS integer) > 0",
    "a day that is none": "SELECT 1 FROM members WHERE CAST(:secret AS date) > '2020-01-01'",
}


def prepared(tx: Tx) -> None:
    branch = make.organisation(tx, name=SECRET)
    person = make.member(tx, branch, name=SECRET, number=SECRET)
    make.account(tx, person)
    make.account(tx)
    tx.flush()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_an_error_names_no_values(runtime: Runtime, database_kind: str, statement: str) -> None:
    with runtime.db.begin() as tx:
        prepared(tx)
        try:
            with tx.begin_nested():
                tx.execute(text(STATEMENTS[statement]), {"secret": SECRET})
        except DBAPIError as error:
            whole = "".join(traceback.format_exception(error)) + str(error) + repr(error) + repr(error.orig)
            assert SECRET not in whole
            assert is_duplicate(error) == (statement == "a key that is taken")
        else:
            assert database_kind == "sqlite", "it takes any text for a number"
