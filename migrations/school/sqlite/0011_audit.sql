-- The audit log: what was done, refused, given and taken.

-- Only ever added to. sequence is without a gap from 1; refused says whether outcome is other than ok; hash covers the row and previous_hash, the hash of the row before it.
create table if not exists audit (
    sequence integer not null,
    at integer not null,
    username text,
    address text not null,
    source text not null,
    action text not null,
    subject text not null,
    outcome text not null,
    refused boolean not null,
    detail text not null,
    previous_hash blob not null,
    hash blob not null,
    primary key (sequence)
);
create index if not exists audit_by_at on audit (at);
create index if not exists audit_by_username_at on audit (username, at);
create index if not exists audit_by_action_at on audit (action, at);
create index if not exists audit_by_refused_at on audit (refused, at);

-- One row: where the log ends. Whoever adds to the log holds it, and it shows when the last rows were removed.
create table if not exists audit_head (
    id integer not null,
    sequence integer not null,
    hash blob not null,
    primary key (id),
    constraint audit_head_one_row check (id = 1)
);

insert or ignore into audit_head (id, sequence, hash) values (1, 0, zeroblob(32));

-- What MySQL does by the rights of the server's user.
create trigger if not exists audit_takes_no_update before update on audit begin
    select raise(abort, 'audit is only ever added to');
end;
create trigger if not exists audit_takes_no_delete before delete on audit begin
    select raise(abort, 'audit is only ever added to');
end;
create trigger if not exists mark_change_takes_no_update before update on mark_change begin
    select raise(abort, 'mark_change is only ever added to');
end;
create trigger if not exists mark_change_takes_no_delete before delete on mark_change begin
    select raise(abort, 'mark_change is only ever added to');
end;
