-- What this schema consists of, for programs that check it at boot without the owner's rights.
CREATE VIEW schema_version AS
SELECT 'migration' AS kind, source, name, checksum, applied_at FROM schema_migrations
UNION ALL
SELECT kind, source, name, checksum, applied_at FROM schema_routines
