"""People, the organisation tree, memberships, exemptions, roster import.

Other rooms use `queries` (subtrees, children, who is exempt), `access`, `service`, `facts`, `models`
and the words in `rules`.
"""
