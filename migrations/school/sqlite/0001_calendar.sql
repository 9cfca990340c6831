-- The school itself and its years and terms.

-- One row: what stands on every screen.
create table if not exists profile (
    id integer not null,
    name text not null,
    locale text not null,
    time_zone text not null,
    v integer not null default 1,
    updated_at integer not null,
    primary key (id),
    constraint profile_one_row check (id = 1)
);

create table if not exists setting (
    name text not null,
    value text not null,
    updated_at integer not null,
    primary key (name)
);

create table if not exists academic_year (
    id integer not null primary key autoincrement,
    name text not null,
    starts date not null,
    ends date not null,
    constraint academic_year_name_unique unique (name),
    constraint academic_year_dates check (starts <= ends)
);

create table if not exists term (
    id integer not null primary key autoincrement,
    year_id integer not null,
    ordinal integer not null,
    name text not null,
    starts date not null,
    ends date not null,
    constraint term_year_id_ordinal_unique unique (year_id, ordinal),
    constraint term_year_id_name_unique unique (year_id, name),
    constraint term_year_id_exists foreign key (year_id) references academic_year (id),
    constraint term_dates check (starts <= ends)
);
