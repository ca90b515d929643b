"""Several transactions begun in the same instant."""

import threading
from collections.abc import Callable

from academy.core.database import Tx
from academy.core.runtime import Runtime


def together(runtime: Runtime, *acts: Callable[[Tx], object]) -> list[BaseException]:
    """Each in a transaction of its own, all begun at once; what went wrong."""
    gate, wrong = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[Tx], object]) -> None:
        gate.wait()
        try:
            with runtime.db.begin() as tx:
                act(tx)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong
