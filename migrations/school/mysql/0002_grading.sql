-- Grading schemes. A scheme that was used is never edited: a new version is added.

create table if not exists scheme (
    id bigint not null auto_increment,
    code varchar(40) not null,
    version int not null,
    rounding varchar(10) not null,
    created_at bigint not null,
    primary key (id),
    constraint scheme_code_version_unique unique (code, version)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- lower: inclusive lower bound in hundredths of a percent. points: in hundredths.
create table if not exists band (
    scheme_id bigint not null,
    ordinal int not null,
    code varchar(10) not null,
    label varchar(60) not null,
    lower int not null,
    points int not null,
    primary key (scheme_id, ordinal),
    constraint band_scheme_id_code_unique unique (scheme_id, code),
    constraint band_scheme_id_exists foreign key (scheme_id) references scheme (id),
    constraint band_range check (lower between 0 and 10000)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
