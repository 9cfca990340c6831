-- Files that were imported, what was refused, and what is needed to take one back.

create table if not exists import_job (
    id bigint not null auto_increment,
    kind varchar(20) not null,
    file_name varchar(200) not null,
    length bigint not null,
    received bigint not null,
    state varchar(20) not null,
    options mediumtext,
    report mediumtext,
    added int not null default 0,
    changed int not null default 0,
    refused int not null default 0,
    created_by bigint not null,
    created_at bigint not null,
    finished_at bigint,
    primary key (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists import_chunk (
    import_id bigint not null,
    position bigint not null,
    bytes mediumblob not null,
    primary key (import_id, position),
    constraint import_chunk_import_id_exists foreign key (import_id) references import_job (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- One problem of one row.
create table if not exists import_problem (
    import_id bigint not null,
    ordinal int not null,
    line int not null,
    heading varchar(200) not null,
    code varchar(40) not null,
    reason varchar(500) not null,
    warning boolean not null,
    primary key (import_id, ordinal),
    constraint import_problem_import_id_exists foreign key (import_id) references import_job (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- The refused rows as a CSV file to fix, in pieces.
create table if not exists import_refused (
    import_id bigint not null,
    position bigint not null,
    bytes mediumblob not null,
    primary key (import_id, position),
    constraint import_refused_import_id_exists foreign key (import_id) references import_job (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- What an import changed, for taking it back. entity: class, student or sheet; previous: JSON of what it was before,
-- empty for what was added.
create table if not exists import_change (
    import_id bigint not null,
    ordinal int not null,
    entity varchar(20) not null,
    entity_id bigint not null,
    previous mediumtext,
    primary key (import_id, ordinal),
    constraint import_change_import_id_exists foreign key (import_id) references import_job (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
