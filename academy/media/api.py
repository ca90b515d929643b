"""Files: upload, probing, transcoding, captions, documents, speech recognition, signed links, storage.

Durations and positions are in media milliseconds. Files from outside are parsed in a confined process
(`parse_captions_jailed`, the steps of a job), never in a web process.
"""

from academy.media.access import UPLOADERS, access_own_asset
from academy.media.captions.caption_files import (
    MAX_CAPTION_BYTES,
    MAX_CUES,
    ParsedCaptions,
    decode_captions,
    parse_captions,
    to_srt,
    to_txt,
    to_vtt,
)
from academy.media.captions.formats.model import CueText
from academy.media.captions.jailed_parser import parse_captions_jailed
from academy.media.delivery import (
    CACHE_CONTROL,
    CONTENT_TYPES,
    audio_url,
    captions_url,
    card_url,
    delivery_secret,
    document_url,
    is_valid_link,
    page_links,
    playlist_url,
    poster_url,
    storyboard_url,
)
from academy.media.documents.pages import PAGE_MS
from academy.media.events import AssetReady, SpeechRecognised, TranscriptChanged
from academy.media.failed_assets import ask_operator, list_failed_assets
from academy.media.isolation import landlock_version, require_isolation
from academy.media.models import Asset, AssetState, Cue, Upload
from academy.media.probing.probe import container_of, reading_options
from academy.media.queries import (
    asset_of_set,
    assets_in_progress,
    bytes_held,
    cue_texts,
    cues_of,
    document_pages,
    earlier_files,
    find_same_file,
    parts_in_progress,
    renditions_of,
    share_done,
    steps_of,
    transcript_of,
)
from academy.media.rules import ASSET_KINDS, STEP_TITLES, STEPS_BY_KIND
from academy.media.service import (
    check_caption_length,
    chosen_asset,
    delete_asset,
    follow_revocations,
    keep_captions,
    keep_duplicate,
    replace_cues,
    retry_asset,
    revoke_links,
    start_step,
)
from academy.media.storage.file_storage import set_key
from academy.media.storage.published_files import internal_path_of, object_origin, open_published
from academy.media.tools import ffmpeg_path
from academy.media.transcription.models import find_speech_model
from academy.media.transcription.recognition import recognise_speech
from academy.media.transcription.requests import request_transcription, transcriptions_of
from academy.media.transcription.rules import character_error_rate
from academy.media.transcripts.chapters import (
    chapter_lines,
    chapters_of,
    parse_chapters,
    put_chapters,
    save_chapters,
    written_chapters,
)
from academy.media.transcripts.editing import (
    add_glossary_term,
    caption_versions,
    known_mistakes,
    list_glossary,
    mark_captions_timed,
    read_cues,
    remove_glossary_term,
    restore_captions,
    save_captions,
)
from academy.media.transcripts.versions import MOST_COMPARED, CueChange, caption_version, compare_cues
from academy.media.uploads import (
    CHECKSUM_ALGORITHMS,
    append_upload,
    begin_upload,
    find_upload,
    terminate_upload,
    unfinished_uploads,
    upload_quota,
    upload_whole,
)

__all__ = [
    "ASSET_KINDS",
    "CACHE_CONTROL",
    "CHECKSUM_ALGORITHMS",
    "CONTENT_TYPES",
    "MAX_CAPTION_BYTES",
    "MAX_CUES",
    "MOST_COMPARED",
    "PAGE_MS",
    "STEPS_BY_KIND",
    "STEP_TITLES",
    "UPLOADERS",
    "Asset",
    "AssetReady",
    "AssetState",
    "Cue",
    "CueChange",
    "CueText",
    "ParsedCaptions",
    "SpeechRecognised",
    "TranscriptChanged",
    "Upload",
    "access_own_asset",
    "add_glossary_term",
    "append_upload",
    "ask_operator",
    "asset_of_set",
    "assets_in_progress",
    "audio_url",
    "begin_upload",
    "bytes_held",
    "caption_version",
    "caption_versions",
    "captions_url",
    "card_url",
    "chapter_lines",
    "chapters_of",
    "character_error_rate",
    "check_caption_length",
    "chosen_asset",
    "compare_cues",
    "container_of",
    "cue_texts",
    "cues_of",
    "decode_captions",
    "delete_asset",
    "delivery_secret",
    "document_pages",
    "document_url",
    "earlier_files",
    "ffmpeg_path",
    "find_same_file",
    "find_speech_model",
    "find_upload",
    "follow_revocations",
    "internal_path_of",
    "is_valid_link",
    "keep_captions",
    "keep_duplicate",
    "known_mistakes",
    "landlock_version",
    "list_failed_assets",
    "list_glossary",
    "mark_captions_timed",
    "object_origin",
    "open_published",
    "page_links",
    "parse_captions",
    "parse_captions_jailed",
    "parse_chapters",
    "parts_in_progress",
    "playlist_url",
    "poster_url",
    "put_chapters",
    "read_cues",
    "reading_options",
    "recognise_speech",
    "remove_glossary_term",
    "renditions_of",
    "replace_cues",
    "request_transcription",
    "require_isolation",
    "restore_captions",
    "retry_asset",
    "revoke_links",
    "save_captions",
    "save_chapters",
    "set_key",
    "share_done",
    "start_step",
    "steps_of",
    "storyboard_url",
    "terminate_upload",
    "to_srt",
    "to_txt",
    "to_vtt",
    "transcript_of",
    "transcriptions_of",
    "unfinished_uploads",
    "upload_quota",
    "upload_whole",
    "written_chapters",
]
