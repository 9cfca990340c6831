-- Logins, roles and sessions.

-- username is stored in lower case. password: a PHC string with its parameters.
create table if not exists user (
    id bigint not null auto_increment,
    staff_id bigint,
    username varchar(40) not null,
    name varchar(120) not null,
    password varchar(200) not null,
    must_change boolean not null,
    state varchar(20) not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    updated_at bigint not null,
    primary key (id),
    constraint user_username_unique unique (username),
    constraint user_staff_id_unique unique (staff_id),
    constraint user_staff_id_exists foreign key (staff_id) references staff (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists role (
    id bigint not null auto_increment,
    code varchar(40) not null,
    primary key (id),
    constraint role_code_unique unique (code)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists role_permission (
    role_id bigint not null,
    permission varchar(40) not null,
    primary key (role_id, permission),
    constraint role_permission_role_id_exists foreign key (role_id) references role (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists user_role (
    user_id bigint not null,
    role_id bigint not null,
    primary key (user_id, role_id),
    constraint user_role_user_id_exists foreign key (user_id) references user (id),
    constraint user_role_role_id_exists foreign key (role_id) references role (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- Only the SHA-256 of the token is stored.
create table if not exists session (
    id bigint not null auto_increment,
    token_hash binary(32) not null,
    user_id bigint not null,
    client varchar(60) not null,
    address varchar(60) not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    ends_at bigint not null,
    ended_at bigint,
    primary key (id),
    constraint session_token_hash_unique unique (token_hash),
    constraint session_user_id_exists foreign key (user_id) references user (id),
    index session_by_user_id (user_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
