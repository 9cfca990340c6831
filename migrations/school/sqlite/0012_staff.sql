-- One-time passwords that end, and when somebody was last seen without reading every session.

-- From this moment a one-time password is of no use any more; 0 once it was used. Empty for a password that somebody chose.
alter table user add column password_ends_at integer;

create index if not exists session_by_user_id_last_seen_at on session (user_id, last_seen_at);

-- One-time passwords that were given before: good for a week from then on.
update user set password_ends_at = updated_at + 604800000000
where must_change and password <> '' and password_ends_at is null;
