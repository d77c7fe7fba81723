-- member_balance_list: balances alone, for the search by a range of balances.
CREATE VIEW member_balance_list AS
SELECT user_id, user_no, balance FROM member_balances
