-- What a write of the ledger costs beside the row itself. See docs/adr/0028.

-- The ledger row an event tells; NULL where the payload tells it all. Rows written before keep their payload.
ALTER TABLE outbox ADD COLUMN ledger_version BIGINT NULL;

-- The check was made again with every change of a balance. User ids never change: the trigger profiles_user_id checks them once.
ALTER TABLE profiles DROP CONSTRAINT profiles_user_id;
