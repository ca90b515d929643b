"""Uploads, probing, renditions, captions, storage, delivery.

Other components call `service` (asset_of_upload, keep_captions, replace_cues, retry,
delete_asset, revoke_links), `queries`, `access`, `delivery` (links) and subscribe to `events`.
"""
