-- Files that were imported, what was refused, and what is needed to take one back.

create table if not exists import_job (
    id integer not null primary key autoincrement,
    kind text not null,
    file_name text not null,
    length integer not null,
    received integer not null,
    state text not null,
    options text,
    report text,
    added integer not null default 0,
    changed integer not null default 0,
    refused integer not null default 0,
    created_by integer not null,
    created_at integer not null,
    finished_at integer
);

create table if not exists import_chunk (
    import_id integer not null,
    position integer not null,
    bytes blob not null,
    primary key (import_id, position),
    constraint import_chunk_import_id_exists foreign key (import_id) references import_job (id)
);

-- One problem of one row.
create table if not exists import_problem (
    import_id integer not null,
    ordinal integer not null,
    line integer not null,
    heading text not null,
    code text not null,
    reason text not null,
    warning boolean not null,
    primary key (import_id, ordinal),
    constraint import_problem_import_id_exists foreign key (import_id) references import_job (id)
);

-- The refused rows as a CSV file to fix, in pieces.
create table if not exists import_refused (
    import_id integer not null,
    position integer not null,
    bytes blob not null,
    primary key (import_id, position),
    constraint import_refused_import_id_exists foreign key (import_id) references import_job (id)
);

-- What an import changed, for taking it back. entity: class, student or sheet; previous: JSON of what it was before,
-- empty for what was added.
create table if not exists import_change (
    import_id integer not null,
    ordinal integer not null,
    entity text not null,
    entity_id integer not null,
    previous text,
    primary key (import_id, ordinal),
    constraint import_change_import_id_exists foreign key (import_id) references import_job (id)
);
