-- Tokens of scripts beside logins, and how long sessions last.

-- kind: login, or token with a name. idle_micros: how long it may go unused, null for as long as it lasts.
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session' and column_name = 'kind');
set @step = if(@missing, 'alter table session add column kind varchar(20) not null default "login"', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session' and column_name = 'name');
set @step = if(@missing, 'alter table session add column name varchar(40)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session' and column_name = 'idle_micros');
set @step = if(@missing, 'alter table session add column idle_micros bigint default 43200000000', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'session' and index_name = 'session_by_ends_at');
set @step = if(@missing, 'alter table session add index session_by_ends_at (ends_at)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

-- One row: how long sessions last, and a count of what has ended sessions or changed what they may. Whoever remembers
-- a session reads it again once epoch has moved.
create table if not exists session_policy (
    id bigint not null,
    idle_minutes bigint not null,
    days bigint not null,
    epoch bigint not null,
    primary key (id),
    constraint session_policy_one_row check (id = 1)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

insert ignore into session_policy (id, idle_minutes, days, epoch) values (1, 720, 30, 0);
