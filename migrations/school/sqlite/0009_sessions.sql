-- Tokens of scripts beside logins, and how long sessions last.

-- kind: login, or token with a name. idle_micros: how long it may go unused, null for as long as it lasts.
alter table session add column kind text not null default 'login';
alter table session add column name text;
alter table session add column idle_micros integer default 43200000000;
create index if not exists session_by_ends_at on session (ends_at);

-- One row: how long sessions last, and a count of what has ended sessions or changed what they may. Whoever remembers
-- a session reads it again once epoch has moved.
create table if not exists session_policy (
    id integer not null,
    idle_minutes integer not null,
    days integer not null,
    epoch integer not null,
    primary key (id),
    constraint session_policy_one_row check (id = 1)
);

insert or ignore into session_policy (id, idle_minutes, days, epoch) values (1, 720, 30, 0);
