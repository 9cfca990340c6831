-- The schools of this installation. state: making (its set-up was not finished), open, suspended.
create table if not exists school (
    id integer not null primary key autoincrement,
    code text not null,
    name text not null,
    state text not null,
    created_at integer not null,
    constraint school_code_unique unique (code)
);
