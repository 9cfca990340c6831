-- Second factors, the codes that stand in for them once, and the devices that somebody logged in on.

-- secret: sealed with the server's key, whose name is key_name. last_step: the step of the last code that was used.
create table if not exists second_factor (
    user_id integer not null,
    secret blob not null,
    key_name text not null,
    last_step integer not null default 0,
    begun_at integer not null,
    confirmed_at integer,
    primary key (user_id),
    constraint second_factor_user_id_exists foreign key (user_id) references user (id)
);

-- Only the SHA-256 of a code is stored.
create table if not exists recovery_code (
    user_id integer not null,
    code_hash blob not null,
    used_at integer,
    primary key (user_id, code_hash),
    constraint recovery_code_user_id_exists foreign key (user_id) references user (id)
);

-- What a device shows at a login, so that strangers cannot use up its owner's tries: the SHA-256 of a random secret.
create table if not exists device (
    id integer not null primary key autoincrement,
    user_id integer not null,
    token_hash blob not null,
    seen_at integer not null,
    constraint device_token_hash_unique unique (token_hash),
    constraint device_user_id_exists foreign key (user_id) references user (id)
);
create index if not exists device_by_user_id on device (user_id, seen_at);
