-- membership_tier_list: the tiers, as the catalogue and the rules read them.
CREATE VIEW membership_tier_list AS
SELECT tier, display_name, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry, features, offered,
       version, updated_at
  FROM membership_tiers
