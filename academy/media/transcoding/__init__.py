"""From a recording to renditions: ladder, filters, parts, playlists."""
