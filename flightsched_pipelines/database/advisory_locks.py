"""Keep PostgreSQL's advisory locks to the platform: a response, an import or an offer waits for whoever holds one.

PostgreSQL lets every role take them. Which roles may belongs to one database, so every upgrade decides it again.
"""

from sqlalchemy import Connection, text

FUNCTIONS = text(
    "SELECT CAST(CAST(oid AS regprocedure) AS text) FROM pg_proc "
    "WHERE pronamespace = CAST('pg_catalog' AS regnamespace) "
    "AND (starts_with(proname, 'pg_advisory_') OR starts_with(proname, 'pg_try_advisory_')) ORDER BY 1"
)

IS_SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")

PLATFORMS_ROLES = text(
    "SELECT quote_ident(rolname) FROM pg_roles WHERE NOT rolsuper AND NOT starts_with(rolname, 'pg_') "
    "AND has_schema_privilege(oid, 'school', 'USAGE') UNION SELECT quote_ident(current_user) ORDER BY 1"
)

ANALYSTS_WHO_MAY = text(
    "SELECT member.rolname FROM pg_roles AS member, pg_roles AS analyst, pg_proc AS function "
    "WHERE analyst.rolname = :analyst AND pg_has_role(member.oid, analyst.oid, 'USAGE') "
    "AND member.rolcanlogin AND NOT member.rolsuper AND NOT has_schema_privilege(member.oid, 'school', 'USAGE') "
    "AND function.oid = CAST('pg_catalog.pg_advisory_lock(bigint)' AS regprocedure) "
    "AND has_function_privilege(member.oid, function.oid, 'EXECUTE') ORDER BY 1"
)


def keep_to_the_platform(connection: Connection) -> None:
    """Leave the locks to the roles that may use schema ``school``; only a superuser can, others change nothing."""
    if not connection.execute(IS_SUPERUSER).scalar_one():
        return
    functions = ", ".join(connection.execute(FUNCTIONS).scalars())
    roles = ", ".join(connection.execute(PLATFORMS_ROLES).scalars())
    connection.execute(text(f"GRANT EXECUTE ON FUNCTION {functions} TO {roles}"))
    connection.execute(text(f"REVOKE EXECUTE ON FUNCTION {functions} FROM PUBLIC"))


def analysts_who_may_lock(connection: Connection, analyst: str) -> list[str]:
    """Return the logins with the analysts' role, and none of the platform's rights, that may take advisory locks."""
    return list(connection.execute(ANALYSTS_WHO_MAY, {"analyst": analyst}).scalars())
