"""Group commit: heartbeats that arrive together share one transaction, and wait for its commit.

There is no thread for it. The first heartbeat becomes the leader: it takes the write lock, then everything queued
meanwhile, settles and commits it, and wakes the others; if more is queued by then, the first of those leads next. So a
lone heartbeat costs no thread switch, and a crowd shares its commits.
"""

import logging
import threading
import time
from collections import deque

from sqlalchemy.exc import OperationalError

from academy.core import collisions
from academy.core.errors import Busy
from academy.core.runtime import Runtime
from academy.learning import crediting
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.metrics import Meter

log = logging.getLogger(__name__)

MAX_BATCH = 128
MAX_WAITING = 2_000
"""Maximum of queued heartbeats; further ones are refused with `Busy`."""
PATIENCE_S = 8.0
"""Seconds that a heartbeat waits for its commit before `Busy`."""
STUCK_S = 3.0
"""Once a commit has taken so many seconds, new heartbeats are refused at once: the disk is stuck, and the threads are
needed for other requests."""
RETRY_AFTER_S = 5


class _Waiting:
    """A queued heartbeat and the event that its thread waits for."""

    __slots__ = ("beat", "leads", "outcome", "wakeup")

    def __init__(self, beat: Heartbeat) -> None:
        self.beat = beat
        self.outcome: HeartbeatOutcome | None = None
        self.leads = False
        self.wakeup: threading.Lock | None = None


class Committer:
    """The group commit of one process."""

    def __init__(self, runtime: Runtime, meter: Meter | None = None) -> None:
        self._runtime = runtime
        self._meter = meter
        self._guard = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._leading = False
        self._since = 0.0

    def submit(self, beat: Heartbeat) -> HeartbeatOutcome:
        """Credit a heartbeat; returns once its commit is on disk.

        Raises:
            Busy: too many are queued, or the disk does not respond.
            Exception: the failure of this very heartbeat.
        """
        mine = _Waiting(beat)
        with self._guard:
            if self._leading:
                if len(self._queue) >= MAX_WAITING or time.monotonic() - self._since > STUCK_S:
                    raise Busy(retry_after=RETRY_AFTER_S)
                mine.wakeup = threading.Lock()
                mine.wakeup.acquire()
                self._queue.append(mine)
            else:
                self._leading, mine.leads = True, True
                self._since = time.monotonic()
                self._queue.append(mine)
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead()
        if mine.outcome is None:
            raise Busy(retry_after=RETRY_AFTER_S)
        if mine.outcome.error is not None:
            raise mine.outcome.error
        return mine.outcome

    def _wait(self, mine: _Waiting) -> None:
        assert mine.wakeup is not None
        if mine.wakeup.acquire(timeout=PATIENCE_S):
            return
        with self._guard:
            # Appointed leader just before the timeout: then it must lead.
            if not mine.leads and mine in self._queue:
                self._queue.remove(mine)

    def _lead(self) -> None:
        batch: list[_Waiting] = []
        started = time.perf_counter()
        try:
            self._runtime.db.run_again(lambda: self._commit(batch))
        except Exception as error:
            if not batch:
                batch.extend(self._take(MAX_BATCH))
            self._apart(batch, error)
        finally:
            self._hand_over(batch)
        if self._meter is not None:
            self._meter.committed(len(batch), time.perf_counter() - started)

    def _commit(self, batch: list[_Waiting]) -> None:
        """One transaction for everything queued by the time the write lock is held."""
        with self._runtime.db.begin() as tx:
            tx.connection()
            batch.extend(self._take(MAX_BATCH - len(batch)))  # a retry has its batch already
            outcomes = crediting.settle(tx, self._runtime.settings, [waiting.beat for waiting in batch])
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome = outcome

    def _take(self, most: int) -> list[_Waiting]:
        with self._guard:
            return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def _apart(self, batch: list[_Waiting], error: Exception) -> None:
        """After the shared transaction failed: each heartbeat by itself, so that only the faulty one fails."""
        log.warning("heartbeat.batch_failed", extra={"size": len(batch)}, exc_info=error)
        for waiting in batch:
            try:
                waiting.outcome = self._alone(waiting.beat)
            except OperationalError as failure:
                # The database itself fails (disk full, connection lost): the rest would fail too.
                waiting.outcome = HeartbeatOutcome(error=_as_answered(failure))
                break
            except Exception as failure:
                waiting.outcome = HeartbeatOutcome(error=_as_answered(failure))

    def _alone(self, beat: Heartbeat) -> HeartbeatOutcome:
        return self._runtime.db.run_in_transaction(lambda tx: crediting.settle(tx, self._runtime.settings, [beat])[0])

    def _hand_over(self, batch: list[_Waiting]) -> None:
        """Wake the answered threads, and the next leader."""
        with self._guard:
            if self._queue:
                self._queue[0].leads = True
                self._since = time.monotonic()
                heir = self._queue[0]
            else:
                self._leading, heir = False, None
        if heir is not None and heir.wakeup is not None:
            heir.wakeup.release()
        for waiting in batch:
            if waiting.wakeup is not None and waiting is not heir:
                waiting.wakeup.release()


def _as_answered(failure: Exception) -> Exception:
    """A persistent collision is a server error: answer `Busy`, so that the player keeps the heartbeat and retries."""
    return Busy(retry_after=RETRY_AFTER_S) if collisions.is_retryable(failure) else failure
