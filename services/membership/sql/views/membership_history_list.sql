-- membership_history_list: what happened to each membership, for people; `state` is proto-JSON, taken apart here.
CREATE VIEW membership_history_list AS
SELECT h.user_id, h.version, h.change_kind, h.actor, h.reason, h.occurred_at,
       JSON_UNQUOTE(JSON_EXTRACT(h.state, '$.terms.tier')) AS tier,
       LOWER(REPLACE(JSON_UNQUOTE(JSON_EXTRACT(h.state, '$.status')), 'MEMBERSHIP_STATUS_', '')) AS status,
       LOWER(REPLACE(JSON_UNQUOTE(JSON_EXTRACT(h.state, '$.cycle')), 'MEMBERSHIP_CYCLE_', '')) AS cycle
  FROM membership_history h
