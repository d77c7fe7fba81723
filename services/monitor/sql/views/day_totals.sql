-- What moved, by day (UTC) and kind.
CREATE VIEW day_totals AS
SELECT day, kind, events, amount FROM daily_totals
