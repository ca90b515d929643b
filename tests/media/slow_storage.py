"""A storage that takes its time."""

import time

from academy.media.storage import s3_storage


def slowly(here: s3_storage.S3Storage) -> None:
    """Have every part after the first take a minute, and say when the first is there."""

    def wait(params: dict[str, object], **_: object) -> None:
        if params["PartNumber"] != 1:
            time.sleep(60)

    def first(**_: object) -> None:
        print("a part is there", flush=True)

    here.client.meta.events.register("before-parameter-build.s3.UploadPart", wait)
    here.client.meta.events.register("after-call.s3.UploadPart", first)
