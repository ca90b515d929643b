"""People, the organisation tree, memberships, exemptions, roster import.

Other components use `queries` (subtrees, children, who is exempt), `access`, `service`, `events`, `models`
and the parsers in `rules`.
"""
