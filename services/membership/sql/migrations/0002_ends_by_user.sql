-- The search by a range of ends reads this index alone, sorts, and joins no more than a page. Its beginning is the index it replaces.
ALTER TABLE memberships
  ADD KEY memberships_ends (ends_at, user_no, user_id, tier),
  DROP KEY memberships_ending;
