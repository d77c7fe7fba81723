-- How many events a row tells. More than one, or a row with an empty subject: a bundle, which a service's own view outbox_event unfolds.
ALTER TABLE outbox ADD COLUMN events INT NOT NULL DEFAULT 1;
