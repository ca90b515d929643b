"""The storage that the settings name."""

from academy.core.settings import Settings
from academy.media.storage.file_storage import Storage, local_storage


def storage_of(settings: Settings) -> Storage:
    """The configured storage."""
    if settings.s3_bucket:
        # Imported here: the library takes as long to import as the rest of this component.
        from academy.media.storage.s3_storage import S3Storage

        return S3Storage(settings)
    return local_storage(settings)
