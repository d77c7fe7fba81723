-- The catalogue of packages.
CREATE VIEW credit_package_list AS
SELECT code, name, credits, price_minor, currency, valid_days, priority, requires_membership, active, version, updated_at
  FROM credit_packages
