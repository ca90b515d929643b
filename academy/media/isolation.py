"""Whether this system can isolate the programs that read uploaded files (`jail`)."""

import ctypes
import functools
import logging

from academy.core.environment import SettingsError
from academy.core.logging import log_event
from academy.core.settings import Settings

log = logging.getLogger(__name__)

_LANDLOCK_CREATE_RULESET = 444
_VERSION = 1


@functools.cache
def landlock_version() -> int:
    """The kernel's Landlock version; 0 for none (older than 5.13, or disabled at boot)."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def require_isolation(settings: Settings) -> None:
    """Called before a worker starts.

    Raises:
        SettingsError: programs could read files of other people, and the settings do not allow that.
    """
    if landlock_version():
        return
    if not (settings.demo or settings.allow_no_landlock):
        raise SettingsError(
            "This kernel has no Landlock (Linux 5.13 or newer, `lsm=landlock` at boot): decoders of uploaded files"
            " could read every file of the academy's user. Set ACADEMY_ALLOW_NO_LANDLOCK=1 to work all the same."
        )
    log_event(log, "media.no_landlock")
