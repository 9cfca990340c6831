-- Logins, roles and sessions.

-- username is stored in lower case. password: a PHC string with its parameters.
create table if not exists user (
    id integer not null primary key autoincrement,
    staff_id integer,
    username text not null,
    name text not null,
    password text not null,
    must_change boolean not null,
    state text not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    updated_at integer not null,
    constraint user_username_unique unique (username),
    constraint user_staff_id_unique unique (staff_id),
    constraint user_staff_id_exists foreign key (staff_id) references staff (id)
);

create table if not exists role (
    id integer not null primary key autoincrement,
    code text not null,
    constraint role_code_unique unique (code)
);

create table if not exists role_permission (
    role_id integer not null,
    permission text not null,
    primary key (role_id, permission),
    constraint role_permission_role_id_exists foreign key (role_id) references role (id)
);

create table if not exists user_role (
    user_id integer not null,
    role_id integer not null,
    primary key (user_id, role_id),
    constraint user_role_user_id_exists foreign key (user_id) references user (id),
    constraint user_role_role_id_exists foreign key (role_id) references role (id)
);

-- Only the SHA-256 of the token is stored.
create table if not exists session (
    id integer not null primary key autoincrement,
    token_hash blob not null,
    user_id integer not null,
    client text not null,
    address text not null,
    created_at integer not null,
    last_seen_at integer not null,
    ends_at integer not null,
    ended_at integer,
    constraint session_token_hash_unique unique (token_hash),
    constraint session_user_id_exists foreign key (user_id) references user (id)
);
create index if not exists session_by_user_id on session (user_id);
