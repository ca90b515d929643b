"""People, the organisation tree, memberships, exemptions, roster import."""
