-- Assessments, sheets, marks and their history.

create table if not exists assessment (
    id integer not null primary key autoincrement,
    term_id integer not null,
    year_id integer not null,
    code text not null,
    name text not null,
    out_of integer,
    opens date not null,
    closes date not null,
    state text not null,
    direct_levels boolean not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    constraint assessment_year_id_code_unique unique (year_id, code),
    constraint assessment_term_id_exists foreign key (term_id) references term (id),
    constraint assessment_year_id_exists foreign key (year_id) references academic_year (id),
    constraint assessment_dates check (opens <= closes)
);

-- The grades that an assessment covers.
create table if not exists assessment_grade (
    assessment_id integer not null,
    grade_id integer not null,
    primary key (assessment_id, grade_id),
    constraint assessment_grade_assessment_id_exists foreign key (assessment_id) references assessment (id),
    constraint assessment_grade_grade_id_exists foreign key (grade_id) references grade (id)
);

-- v grows with every save; a mark carries the v of the save that wrote it.
create table if not exists sheet (
    id integer not null primary key autoincrement,
    assessment_id integer not null,
    class_id integer not null,
    paper_id integer not null,
    scheme_id integer not null,
    out_of integer not null,
    state text not null,
    v integer not null default 0,
    constraint sheet_assessment_id_class_id_paper_id_unique unique (assessment_id, class_id, paper_id),
    constraint sheet_assessment_id_exists foreign key (assessment_id) references assessment (id),
    constraint sheet_class_id_exists foreign key (class_id) references class (id),
    constraint sheet_paper_id_exists foreign key (paper_id) references paper (id),
    constraint sheet_scheme_id_exists foreign key (scheme_id) references scheme (id),
    constraint sheet_out_of_range check (out_of between 1 and 100000)
);
create index if not exists sheet_by_class_id on sheet (class_id);

-- Clustered by sheet: a sheet is one or two pages. A blank has no row; score in hundredths.
create table if not exists mark (
    sheet_id integer not null,
    student_id integer not null,
    state text not null,
    score integer,
    level text,
    v integer not null,
    changed_by integer not null,
    changed_at integer not null,
    primary key (sheet_id, student_id),
    constraint mark_sheet_id_exists foreign key (sheet_id) references sheet (id),
    constraint mark_student_id_exists foreign key (student_id) references student (id),
    constraint mark_scored_has_a_value check ((state = 'scored' and (score is null) <> (level is null)) or (state <> 'scored' and score is null and level is null)),
    constraint mark_score_range check (score is null or score between 0 and 100000)
);
create index if not exists mark_by_student_id_sheet_id on mark (student_id, sheet_id);

-- Only ever added to. hash covers the row and previous_hash, the hash of the row before it on the sheet.
create table if not exists mark_change (
    sheet_id integer not null,
    sequence integer not null,
    student_id integer not null,
    old_state text,
    old_score integer,
    old_level text,
    new_state text,
    new_score integer,
    new_level text,
    changed_by integer not null,
    changed_at integer not null,
    operation blob not null,
    source text not null,
    reason text,
    previous_hash blob not null,
    hash blob not null,
    primary key (sheet_id, sequence),
    constraint mark_change_sheet_id_exists foreign key (sheet_id) references sheet (id),
    constraint mark_change_student_id_exists foreign key (student_id) references student (id)
);

-- What was answered to a write, so that the same write sent again has one effect and the same answer.
create table if not exists operation (
    id blob not null,
    user_id integer not null,
    request_hash blob not null,
    reply blob not null,
    created_at integer not null,
    primary key (id)
);
create index if not exists operation_by_created_at on operation (created_at);
