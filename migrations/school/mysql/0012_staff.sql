-- One-time passwords that end, and when somebody was last seen without reading every session.

-- From this moment a one-time password is of no use any more; 0 once it was used. Empty for a password that somebody chose.
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'user' and column_name = 'password_ends_at');
set @step = if(@missing, 'alter table user add column password_ends_at bigint', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'session' and index_name = 'session_by_user_id_last_seen_at');
set @step = if(@missing, 'create index session_by_user_id_last_seen_at on session (user_id, last_seen_at)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

-- One-time passwords that were given before: good for a week from then on.
update user set password_ends_at = updated_at + 604800000000
where must_change and password <> '' and password_ends_at is null;
