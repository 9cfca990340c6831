-- The school itself and its years and terms.

-- One row: what stands on every screen.
create table if not exists profile (
    id bigint not null,
    name varchar(120) not null,
    locale varchar(20) not null,
    time_zone varchar(60) not null,
    v bigint not null default 1,
    updated_at bigint not null,
    primary key (id),
    constraint profile_one_row check (id = 1)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists setting (
    name varchar(60) not null,
    value varchar(500) not null,
    updated_at bigint not null,
    primary key (name)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists academic_year (
    id bigint not null auto_increment,
    name varchar(20) not null,
    starts date not null,
    ends date not null,
    primary key (id),
    constraint academic_year_name_unique unique (name),
    constraint academic_year_dates check (starts <= ends)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists term (
    id bigint not null auto_increment,
    year_id bigint not null,
    ordinal int not null,
    name varchar(20) not null,
    starts date not null,
    ends date not null,
    primary key (id),
    constraint term_year_id_ordinal_unique unique (year_id, ordinal),
    constraint term_year_id_name_unique unique (year_id, name),
    constraint term_year_id_exists foreign key (year_id) references academic_year (id),
    constraint term_dates check (starts <= ends)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
