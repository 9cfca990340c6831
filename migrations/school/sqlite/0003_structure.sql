-- What is taught to whom: levels, grades, classes, subjects, offerings and papers.

create table if not exists level (
    id integer not null primary key autoincrement,
    code text not null,
    name text not null,
    ordinal integer not null,
    score_scheme_id integer not null,
    level_scheme_id integer,
    constraint level_code_unique unique (code),
    constraint level_score_scheme_id_exists foreign key (score_scheme_id) references scheme (id),
    constraint level_level_scheme_id_exists foreign key (level_scheme_id) references scheme (id)
);

-- short is what class names begin with: 4 in 4 East.
create table if not exists grade (
    id integer not null primary key autoincrement,
    level_id integer not null,
    code text not null,
    name text not null,
    short text not null,
    ordinal integer not null,
    next_grade_id integer,
    constraint grade_code_unique unique (code),
    constraint grade_ordinal_unique unique (ordinal),
    constraint grade_level_id_exists foreign key (level_id) references level (id),
    constraint grade_next_grade_id_exists foreign key (next_grade_id) references grade (id)
);

create table if not exists class (
    id integer not null primary key autoincrement,
    year_id integer not null,
    grade_id integer not null,
    stream text not null,
    name text not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    constraint class_year_id_grade_id_stream_unique unique (year_id, grade_id, stream),
    constraint class_year_id_name_unique unique (year_id, name),
    constraint class_year_id_exists foreign key (year_id) references academic_year (id),
    constraint class_grade_id_exists foreign key (grade_id) references grade (id)
);

-- aliases: further names, folded, separated by |.
create table if not exists subject (
    id integer not null primary key autoincrement,
    code text not null,
    name text not null,
    short_name text not null,
    aliases text not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    constraint subject_code_unique unique (code),
    constraint subject_name_unique unique (name)
);

-- A subject as taught in a grade. Students take one of a variant_group; by_default: those without a choice take this.
create table if not exists offering (
    id integer not null primary key autoincrement,
    grade_id integer not null,
    subject_id integer not null,
    mode text not null,
    variant_group text,
    by_default boolean not null,
    ordinal integer not null,
    constraint offering_grade_id_subject_id_unique unique (grade_id, subject_id),
    constraint offering_grade_id_exists foreign key (grade_id) references grade (id),
    constraint offering_subject_id_exists foreign key (subject_id) references subject (id)
);
create index if not exists offering_by_subject_id on offering (subject_id);

-- weight and out_of in hundredths. The only paper of an offering has an empty code and name.
create table if not exists paper (
    id integer not null primary key autoincrement,
    offering_id integer not null,
    code text not null,
    name text not null,
    ordinal integer not null,
    weight integer not null,
    out_of integer not null,
    constraint paper_offering_id_code_unique unique (offering_id, code),
    constraint paper_offering_id_exists foreign key (offering_id) references offering (id),
    constraint paper_weight_positive check (weight > 0),
    constraint paper_out_of_range check (out_of between 1 and 100000)
);
