"""Terms and lecturers"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "classrooms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("seats > 0", name=op.f("ck_classrooms_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classrooms")),
        sa.UniqueConstraint("name", name=op.f("uq_classrooms_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_classrooms_public_id")),
    )
    op.create_table(
        "holidays",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('off', 'working')", name=op.f("ck_holidays_kind")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_holidays_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays")),
        sa.UniqueConstraint("public_id", name=op.f("uq_holidays_public_id")),
    )
    with op.batch_alter_table("holidays", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holidays_first_day"), ["first_day"], unique=False)

    op.create_table(
        "teaching_terms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("forum_weekday", sa.Integer(), nullable=False),
        sa.Column("forum_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("forum_minute BETWEEN 0 AND 1439", name=op.f("ck_teaching_terms_minute")),
        sa.CheckConstraint("forum_weekday BETWEEN 0 AND 6", name=op.f("ck_teaching_terms_weekday")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_teaching_terms_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teaching_terms")),
        sa.UniqueConstraint("name", name=op.f("uq_teaching_terms_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_teaching_terms_public_id")),
    )
    with op.batch_alter_table("teaching_terms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teaching_terms_first_day"), ["first_day"], unique=False)

    op.create_table(
        "obligation_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("lectures", sa.Integer(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("tenths_each", sa.Integer(), nullable=False),
        sa.Column("soon_days", sa.Integer(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('municipal', 'county_first', 'county', 'other')", name=op.f("ck_obligation_rules_level")
        ),
        sa.CheckConstraint(
            "lectures BETWEEN 1 AND 50 AND years BETWEEN 1 AND 10", name=op.f("ck_obligation_rules_demand")
        ),
        sa.CheckConstraint("soon_days BETWEEN 0 AND 366", name=op.f("ck_obligation_rules_soon")),
        sa.CheckConstraint("tenths_each >= 1", name=op.f("ck_obligation_rules_tenths")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_obligation_rules_order")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_obligation_rules_entered_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_rules")),
        sa.UniqueConstraint("public_id", name=op.f("uq_obligation_rules_public_id")),
    )
    with op.batch_alter_table("obligation_rules", schema=None) as batch_op:
        batch_op.create_index(
            "uq_obligation_rules_open",
            ["level"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "share_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("floor_permille", sa.Integer(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("floor_permille BETWEEN 0 AND 1000", name=op.f("ck_share_rules_floor")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_share_rules_order")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_share_rules_entered_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_rules")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_share_rules_valid_from")),
    )
    op.create_table(
        "training_classes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("term_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'closed', 'cancelled')", name=op.f("ck_training_classes_state")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_training_classes_order")),
        sa.CheckConstraint("seats IS NULL OR seats > 0", name=op.f("ck_training_classes_seats")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_training_classes_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_training_classes_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["term_id"], ["teaching_terms.id"], name=op.f("fk_training_classes_term_id_teaching_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_classes")),
        sa.UniqueConstraint("public_id", name=op.f("uq_training_classes_public_id")),
    )
    with op.batch_alter_table("training_classes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_classes_term_id_is_main"), ["term_id", "is_main"], unique=False)

    op.create_table(
        "class_members",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("class_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("added_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name=op.f("ck_class_members_order")),
        sa.ForeignKeyConstraint(["added_by"], ["accounts.id"], name=op.f("fk_class_members_added_by_accounts")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_classes.id"], name=op.f("fk_class_members_class_id_training_classes")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_class_members_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_members")),
    )
    with op.batch_alter_table("class_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_members_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            "uq_class_members_open",
            ["class_id", "member_id"],
            unique=True,
            sqlite_where=sa.text("left_on IS NULL"),
            postgresql_where=sa.text("left_on IS NULL"),
        )

    op.create_table(
        "programme_lectures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("term_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("class_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("classroom_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("class_hour_tenths", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'class') = (class_id IS NOT NULL)", name=op.f("ck_programme_lectures_class")),
        sa.CheckConstraint("kind IN ('forum', 'class')", name=op.f("ck_programme_lectures_kind")),
        sa.CheckConstraint("state <> 'held' OR confirmed_at IS NOT NULL", name=op.f("ck_programme_lectures_confirmed")),
        sa.CheckConstraint(
            "state IN ('planned', 'held', 'cancelled', 'no_show')", name=op.f("ck_programme_lectures_state")
        ),
        sa.CheckConstraint("class_hour_tenths > 0", name=op.f("ck_programme_lectures_tenths")),
        sa.CheckConstraint("minute BETWEEN 0 AND 1439", name=op.f("ck_programme_lectures_minute")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_programme_lectures_category_id_categories")
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_classes.id"], name=op.f("fk_programme_lectures_class_id_training_classes")
        ),
        sa.ForeignKeyConstraint(
            ["classroom_id"], ["classrooms.id"], name=op.f("fk_programme_lectures_classroom_id_classrooms")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["accounts.id"], name=op.f("fk_programme_lectures_confirmed_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["accounts.id"], name=op.f("fk_programme_lectures_created_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["term_id"], ["teaching_terms.id"], name=op.f("fk_programme_lectures_term_id_teaching_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_lectures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_programme_lectures_public_id")),
    )
    with op.batch_alter_table("programme_lectures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_lectures_class_id_day"), ["class_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_lectures_day"), ["day"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_lectures_term_id_day"), ["term_id", "day"], unique=False)
        batch_op.create_index(
            "uq_programme_lectures_classroom",
            ["classroom_id", "day", "minute"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'held')"),
            postgresql_where=sa.text("state IN ('planned', 'held')"),
        )
        batch_op.create_index(
            "uq_programme_lectures_evening",
            ["day", "minute"],
            unique=True,
            sqlite_where=sa.text("kind = 'forum' AND state IN ('planned', 'held')"),
            postgresql_where=sa.text("kind = 'forum' AND state IN ('planned', 'held')"),
        )

    op.create_table(
        "availability_windows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("to_minute", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "from_minute >= 0 AND to_minute > from_minute AND to_minute <= 1440",
            name=op.f("ck_availability_windows_order"),
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_availability_windows_weekday")),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_availability_windows_lecturer_id_lecturers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_availability_windows")),
        sa.UniqueConstraint(
            "lecturer_id",
            "weekday",
            "from_minute",
            name=op.f("uq_availability_windows_lecturer_id_weekday_from_minute"),
        ),
    )
    op.create_table(
        "lecture_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('roll', 'sheet', 'recording', 'report')", name=op.f("ck_lecture_evidence_kind")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_lecture_evidence_entered_by_accounts")),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["programme_lectures.id"], name=op.f("fk_lecture_evidence_lecture_id_programme_lectures")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecture_evidence")),
    )
    with op.batch_alter_table("lecture_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecture_evidence_lecture_id"), ["lecture_id"], unique=False)

    op.create_table(
        "lecture_teachers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("share_permille", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("substitute_for_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "part IN ('planned', 'taught', 'absent', 'replaced')", name=op.f("ck_lecture_teachers_part")
        ),
        sa.CheckConstraint("share_permille BETWEEN 0 AND 1000", name=op.f("ck_lecture_teachers_share")),
        sa.CheckConstraint(
            "substitute_for_id IS NULL OR substitute_for_id <> lecturer_id", name=op.f("ck_lecture_teachers_substitute")
        ),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["programme_lectures.id"], name=op.f("fk_lecture_teachers_lecture_id_programme_lectures")
        ),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_lecture_teachers_lecturer_id_lecturers")
        ),
        sa.ForeignKeyConstraint(
            ["substitute_for_id"], ["lecturers.id"], name=op.f("fk_lecture_teachers_substitute_for_id_lecturers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecture_teachers")),
    )
    with op.batch_alter_table("lecture_teachers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecture_teachers_lecturer_id_part"), ["lecturer_id", "part"], unique=False)
        batch_op.create_index("uq_lecture_teachers_lecturer", ["lecture_id", "lecturer_id"], unique=True)

    op.create_table(
        "lecturer_absences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_lecturer_absences_order")),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_lecturer_absences_lecturer_id_lecturers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecturer_absences")),
    )
    with op.batch_alter_table("lecturer_absences", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lecturer_absences_lecturer_id_first_day"), ["lecturer_id", "first_day"], unique=False
        )

    op.create_table(
        "lecturer_consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("kind IN ('teach', 'record', 'publish')", name=op.f("ck_lecturer_consents_kind")),
        sa.CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= given_on", name=op.f("ck_lecturer_consents_order")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_lecturer_consents_entered_by_accounts")),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_lecturer_consents_lecturer_id_lecturers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecturer_consents")),
    )
    with op.batch_alter_table("lecturer_consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecturer_consents_lecturer_id"), ["lecturer_id"], unique=False)
        batch_op.create_index(
            "uq_lecturer_consents_open",
            ["lecturer_id", "kind"],
            unique=True,
            sqlite_where=sa.text("withdrawn_on IS NULL"),
            postgresql_where=sa.text("withdrawn_on IS NULL"),
        )

    op.create_table(
        "lecturer_posts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('municipal', 'county_first', 'county', 'other')", name=op.f("ck_lecturer_posts_level")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_lecturer_posts_order")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_lecturer_posts_entered_by_accounts")),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_lecturer_posts_lecturer_id_lecturers")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_lecturer_posts_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecturer_posts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_lecturer_posts_public_id")),
    )
    with op.batch_alter_table("lecturer_posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lecturer_posts_lecturer_id_valid_from"), ["lecturer_id", "valid_from"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_lecturer_posts_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "uq_lecturer_posts_open",
            ["lecturer_id", "organisation_id", "level"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "lecturer_subjects",
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_lecturer_subjects_category_id_categories")
        ),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_lecturer_subjects_lecturer_id_lecturers")
        ),
        sa.PrimaryKeyConstraint("lecturer_id", "category_id", name=op.f("pk_lecturer_subjects")),
    )
    with op.batch_alter_table("lecturer_subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecturer_subjects_category_id"), ["category_id"], unique=False)

    op.create_table(
        "pool_memberships",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("lecturer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("most_per_term", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('invited', 'confirmed', 'resting', 'left')", name=op.f("ck_pool_memberships_state")
        ),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_pool_memberships_lecturer_id_lecturers")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_pool_memberships_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_memberships")),
        sa.UniqueConstraint("lecturer_id", name=op.f("uq_pool_memberships_lecturer_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_pool_memberships_public_id")),
    )
    with op.batch_alter_table("pool_memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_memberships_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pool_memberships_state"), ["state"], unique=False)

    op.create_table(
        "pool_spells",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("membership_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('invited', 'confirmed', 'resting', 'left')", name=op.f("ck_pool_spells_state")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_pool_spells_order")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_pool_spells_decided_by_accounts")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["pool_memberships.id"], name=op.f("fk_pool_spells_membership_id_pool_memberships")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_spells")),
    )
    with op.batch_alter_table("pool_spells", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pool_spells_membership_id_valid_from"), ["membership_id", "valid_from"], unique=False
        )
        batch_op.create_index(
            "uq_pool_spells_open",
            ["membership_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("pool_spells", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_pool_spells_open",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_pool_spells_membership_id_valid_from"))

    op.drop_table("pool_spells")
    with op.batch_alter_table("pool_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_memberships_state"))
        batch_op.drop_index(batch_op.f("ix_pool_memberships_member_id"))

    op.drop_table("pool_memberships")
    with op.batch_alter_table("lecturer_subjects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lecturer_subjects_category_id"))

    op.drop_table("lecturer_subjects")
    with op.batch_alter_table("lecturer_posts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lecturer_posts_open",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_lecturer_posts_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_lecturer_posts_lecturer_id_valid_from"))

    op.drop_table("lecturer_posts")
    with op.batch_alter_table("lecturer_consents", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lecturer_consents_open",
            sqlite_where=sa.text("withdrawn_on IS NULL"),
            postgresql_where=sa.text("withdrawn_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_lecturer_consents_lecturer_id"))

    op.drop_table("lecturer_consents")
    with op.batch_alter_table("lecturer_absences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lecturer_absences_lecturer_id_first_day"))

    op.drop_table("lecturer_absences")
    with op.batch_alter_table("lecture_teachers", schema=None) as batch_op:
        batch_op.drop_index("uq_lecture_teachers_lecturer")
        batch_op.drop_index(batch_op.f("ix_lecture_teachers_lecturer_id_part"))

    op.drop_table("lecture_teachers")
    with op.batch_alter_table("lecture_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lecture_evidence_lecture_id"))

    op.drop_table("lecture_evidence")
    op.drop_table("availability_windows")
    with op.batch_alter_table("programme_lectures", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_programme_lectures_evening",
            sqlite_where=sa.text("kind = 'forum' AND state IN ('planned', 'held')"),
            postgresql_where=sa.text("kind = 'forum' AND state IN ('planned', 'held')"),
        )
        batch_op.drop_index(
            "uq_programme_lectures_classroom",
            sqlite_where=sa.text("state IN ('planned', 'held')"),
            postgresql_where=sa.text("state IN ('planned', 'held')"),
        )
        batch_op.drop_index(batch_op.f("ix_programme_lectures_term_id_day"))
        batch_op.drop_index(batch_op.f("ix_programme_lectures_day"))
        batch_op.drop_index(batch_op.f("ix_programme_lectures_class_id_day"))

    op.drop_table("programme_lectures")
    with op.batch_alter_table("class_members", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_class_members_open",
            sqlite_where=sa.text("left_on IS NULL"),
            postgresql_where=sa.text("left_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_class_members_member_id"))

    op.drop_table("class_members")
    with op.batch_alter_table("training_classes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_classes_term_id_is_main"))

    op.drop_table("training_classes")
    op.drop_table("share_rules")
    with op.batch_alter_table("obligation_rules", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_obligation_rules_open",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.drop_table("obligation_rules")
    with op.batch_alter_table("teaching_terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_teaching_terms_first_day"))

    op.drop_table("teaching_terms")
    with op.batch_alter_table("holidays", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_holidays_first_day"))

    op.drop_table("holidays")
    op.drop_table("classrooms")
