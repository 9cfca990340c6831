-- The schools of this installation. state: making (its set-up was not finished), open, suspended.
create table if not exists school (
    id bigint not null auto_increment,
    code varchar(20) not null,
    name varchar(120) not null,
    state varchar(20) not null,
    created_at bigint not null,
    primary key (id),
    constraint school_code_unique unique (code)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
