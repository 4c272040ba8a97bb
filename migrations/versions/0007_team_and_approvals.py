"""Supervisors, invitations into the team, what takes two people, and the audit by time and member"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROLES = ("reviewer", "supervisor", "owner")
OLDER_ROLES = ("reviewer", "owner")


def upgrade() -> None:
    op.add_column("team", sa.Column("by_settings", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("team", sa.Column("sealed_label", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE team SET by_settings = (role = 'owner')")  # until now only the settings named owners
    with op.batch_alter_table("team") as team:
        team.drop_constraint(op.f("ck_team_role"), type_="check")
        team.alter_column("role", existing_type=sa.String(8), type_=sa.String(10), existing_nullable=False)
        team.alter_column("by_settings", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        team.create_check_constraint(op.f("ck_team_role"), _one_of(ROLES))
        team.create_check_constraint(op.f("ck_team_settings_name_owners"), "role = 'owner' OR NOT by_settings")
    op.create_table(
        "team_invites",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True), nullable=False),
        sa.Column("sealed_label", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", IDENTIFIER, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_team_invites_made_by"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_invites")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_team_invites_code_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_team_invites_made_by", "team_invites", ["made_by"], unique=False)
    op.create_index("ix_team_invites_expires_at", "team_invites", ["expires_at"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("requester_id", IDENTIFIER, nullable=False),
        sa.Column("approver_id", IDENTIFIER, nullable=True),
        sa.Column("flag_id", IDENTIFIER, nullable=True),
        sa.Column("certificate_id", IDENTIFIER, nullable=True),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column(
            "standing",
            sa.Enum(
                "waiting", "approved", "refused", name="standing", native_enum=False, create_constraint=True, length=8
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("approver_id IS NULL OR approver_id <> requester_id", name=op.f("ck_approvals_two_people")),
        sa.CheckConstraint("(standing = 'waiting') = (decided_at IS NULL)", name=op.f("ck_approvals_decided")),
        sa.ForeignKeyConstraint(
            ["requester_id"], ["people.id"], name=op.f("fk_approvals_requester_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["people.id"], name=op.f("fk_approvals_approver_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_approvals_flag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_approvals_certificate_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("standing = 'waiting'")
    op.create_index(
        "ix_approvals_waiting",
        "approvals",
        ["asked_at"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    for column in ("asked_at", "requester_id", "approver_id", "flag_id", "certificate_id"):
        op.create_index(f"ix_approvals_{column}", "approvals", [column], unique=False)
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_actor_id", "audit", ["actor_id", "number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_audit_actor_id", "audit")
    op.drop_index("ix_audit_at", "audit")
    op.drop_table("approvals")
    op.drop_table("team_invites")
    op.execute("UPDATE team SET role = 'reviewer' WHERE role = 'supervisor'")
    with op.batch_alter_table("team") as team:
        team.drop_constraint(op.f("ck_team_settings_name_owners"), type_="check")
        team.drop_constraint(op.f("ck_team_role"), type_="check")
        team.alter_column("role", existing_type=sa.String(10), type_=sa.String(8), existing_nullable=False)
        team.create_check_constraint(op.f("ck_team_role"), _one_of(OLDER_ROLES))
        team.drop_column("sealed_label")
        team.drop_column("by_settings")


def _one_of(roles: tuple[str, ...]) -> str:
    return f"role IN ({', '.join(repr(role) for role in roles)})"
