-- The audit log: what was done, refused, given and taken.

-- Only ever added to. sequence is without a gap from 1; refused says whether outcome is other than ok; hash covers the row and previous_hash, the hash of the row before it.
create table if not exists audit (
    sequence bigint not null,
    at bigint not null,
    username varchar(40),
    address varchar(60) not null,
    source varchar(20) not null,
    action varchar(40) not null,
    subject varchar(200) not null,
    outcome varchar(40) not null,
    refused boolean not null,
    detail varchar(500) not null,
    previous_hash binary(32) not null,
    hash binary(32) not null,
    primary key (sequence),
    index audit_by_at (at),
    index audit_by_username_at (username, at),
    index audit_by_action_at (action, at),
    index audit_by_refused_at (refused, at)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- One row: where the log ends. Whoever adds to the log holds it, and it shows when the last rows were removed.
create table if not exists audit_head (
    id bigint not null,
    sequence bigint not null,
    hash binary(32) not null,
    primary key (id),
    constraint audit_head_one_row check (id = 1)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

insert into audit_head (id, sequence, hash) values (1, 0, unhex(repeat('00', 32))) on duplicate key update id = id;
