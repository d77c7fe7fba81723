-- Event ids come from UUID(), in the procedures: an index that proves them unique is never read and costs every write.
ALTER TABLE outbox DROP INDEX outbox_event;
