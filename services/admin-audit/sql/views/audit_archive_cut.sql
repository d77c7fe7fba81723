-- The furthest cut: rows up to seq are archived and may be gone.
CREATE VIEW audit_archive_cut AS
SELECT seq, hash, file, recorded_at FROM audit_archive_cuts ORDER BY seq DESC LIMIT 1
