-- user_term_list: the words by which the admin search finds users. A word may come from several sources.
CREATE VIEW user_term_list AS
SELECT term, user_no, source FROM user_terms
