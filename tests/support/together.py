"""Several transactions begun in the same instant."""

import contextvars
import threading
from collections.abc import Callable

from academy.core.database import Tx
from academy.core.runtime import Runtime


def outcomes(runtime: Runtime, *acts: Callable[[Tx], object]) -> list[BaseException | None]:
    """Each in a transaction of its own, as a request has it, all begun at once; what each ended with, None for well.

    The clock that the test holds is held for them too.
    """
    gate, ends = threading.Barrier(len(acts)), list[BaseException | None]([None] * len(acts))

    def run(number: int, act: Callable[[Tx], object]) -> None:
        gate.wait()
        try:
            runtime.db.run_in_transaction(act)
        except BaseException as error:
            ends[number] = error

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, number, act))
        for number, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "one waits for ever"
    return ends


def together(runtime: Runtime, *acts: Callable[[Tx], object]) -> list[BaseException]:
    """What went wrong of acts begun at once, in their order."""
    return [end for end in outcomes(runtime, *acts) if end is not None]
