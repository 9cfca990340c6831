-- Second factors, the codes that stand in for them once, and the devices that somebody logged in on.

-- secret: sealed with the server's key, whose name is key_name. last_step: the step of the last code that was used.
create table if not exists second_factor (
    user_id bigint not null,
    secret varbinary(200) not null,
    key_name varchar(16) not null,
    last_step bigint not null default 0,
    begun_at bigint not null,
    confirmed_at bigint,
    primary key (user_id),
    constraint second_factor_user_id_exists foreign key (user_id) references user (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- Only the SHA-256 of a code is stored.
create table if not exists recovery_code (
    user_id bigint not null,
    code_hash binary(32) not null,
    used_at bigint,
    primary key (user_id, code_hash),
    constraint recovery_code_user_id_exists foreign key (user_id) references user (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- What a device shows at a login, so that strangers cannot use up its owner's tries: the SHA-256 of a random secret.
create table if not exists device (
    id bigint not null auto_increment,
    primary key (id),
    user_id bigint not null,
    token_hash binary(32) not null,
    seen_at bigint not null,
    constraint device_token_hash_unique unique (token_hash),
    constraint device_user_id_exists foreign key (user_id) references user (id),
    index device_by_user_id (user_id, seen_at)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
