-- What is taught to whom: levels, grades, classes, subjects, offerings and papers.

create table if not exists level (
    id bigint not null auto_increment,
    code varchar(40) not null,
    name varchar(60) not null,
    ordinal int not null,
    score_scheme_id bigint not null,
    level_scheme_id bigint,
    primary key (id),
    constraint level_code_unique unique (code),
    constraint level_score_scheme_id_exists foreign key (score_scheme_id) references scheme (id),
    constraint level_level_scheme_id_exists foreign key (level_scheme_id) references scheme (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- short is what class names begin with: 4 in 4 East.
create table if not exists grade (
    id bigint not null auto_increment,
    level_id bigint not null,
    code varchar(10) not null,
    name varchar(40) not null,
    short varchar(10) not null,
    ordinal int not null,
    next_grade_id bigint,
    primary key (id),
    constraint grade_code_unique unique (code),
    constraint grade_ordinal_unique unique (ordinal),
    constraint grade_level_id_exists foreign key (level_id) references level (id),
    constraint grade_next_grade_id_exists foreign key (next_grade_id) references grade (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists class (
    id bigint not null auto_increment,
    year_id bigint not null,
    grade_id bigint not null,
    stream varchar(20) not null,
    name varchar(40) not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint class_year_id_grade_id_stream_unique unique (year_id, grade_id, stream),
    constraint class_year_id_name_unique unique (year_id, name),
    constraint class_year_id_exists foreign key (year_id) references academic_year (id),
    constraint class_grade_id_exists foreign key (grade_id) references grade (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- aliases: further names, folded, separated by |.
create table if not exists subject (
    id bigint not null auto_increment,
    code varchar(20) not null,
    name varchar(60) not null,
    short_name varchar(20) not null,
    aliases varchar(500) not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint subject_code_unique unique (code),
    constraint subject_name_unique unique (name)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- A subject as taught in a grade. Students take one of a variant_group; by_default: those without a choice take this.
create table if not exists offering (
    id bigint not null auto_increment,
    grade_id bigint not null,
    subject_id bigint not null,
    mode varchar(10) not null,
    variant_group varchar(40),
    by_default boolean not null,
    ordinal int not null,
    primary key (id),
    constraint offering_grade_id_subject_id_unique unique (grade_id, subject_id),
    constraint offering_grade_id_exists foreign key (grade_id) references grade (id),
    constraint offering_subject_id_exists foreign key (subject_id) references subject (id),
    index offering_by_subject_id (subject_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- weight and out_of in hundredths. The only paper of an offering has an empty code and name.
create table if not exists paper (
    id bigint not null auto_increment,
    offering_id bigint not null,
    code varchar(20) not null,
    name varchar(60) not null,
    ordinal int not null,
    weight int not null,
    out_of int not null,
    primary key (id),
    constraint paper_offering_id_code_unique unique (offering_id, code),
    constraint paper_offering_id_exists foreign key (offering_id) references offering (id),
    constraint paper_weight_positive check (weight > 0),
    constraint paper_out_of_range check (out_of between 1 and 100000)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
