-- membership_end_list: agreed ends, for the search by a range of ends. Only active memberships, which are current, have one.
CREATE VIEW membership_end_list AS
SELECT user_id, user_no, tier, ends_at FROM memberships WHERE ends_at IS NOT NULL
