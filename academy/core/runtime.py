"""Settings, database and sealer of a process: what every component may need at run time."""

from dataclasses import dataclass

from academy.core import audit, disclosure, keyed
from academy.core.crypto import Sealer
from academy.core.database import Database
from academy.core.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """Settings, database and sealer of this process; made once by whoever starts it."""

    settings: Settings
    db: Database
    sealer: Sealer

    @classmethod
    def build(cls, settings: Settings) -> "Runtime":
        audit.use(settings.audit_hash)
        disclosure.use(settings.data_key)
        pool = settings.web_threads + settings.fast_workers + settings.brief_workers + settings.heavy_workers + 2
        retired = [key.strip() for key in settings.data_keys_retired.split(",") if key.strip()]
        keyed.use(settings.data_key, retired)
        sealer = Sealer(settings.data_key, retired, settings.data_cipher)
        return cls(settings, Database(settings.database, pool_size=pool), sealer)
