"""Members, the organisation tree, memberships, exemptions, cohorts, sectors."""
