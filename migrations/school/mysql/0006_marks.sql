-- Assessments, sheets, marks and their history.

create table if not exists assessment (
    id bigint not null auto_increment,
    term_id bigint not null,
    year_id bigint not null,
    code varchar(20) not null,
    name varchar(60) not null,
    out_of int,
    opens date not null,
    closes date not null,
    state varchar(20) not null,
    direct_levels boolean not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint assessment_year_id_code_unique unique (year_id, code),
    constraint assessment_term_id_exists foreign key (term_id) references term (id),
    constraint assessment_year_id_exists foreign key (year_id) references academic_year (id),
    constraint assessment_dates check (opens <= closes)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- The grades that an assessment covers.
create table if not exists assessment_grade (
    assessment_id bigint not null,
    grade_id bigint not null,
    primary key (assessment_id, grade_id),
    constraint assessment_grade_assessment_id_exists foreign key (assessment_id) references assessment (id),
    constraint assessment_grade_grade_id_exists foreign key (grade_id) references grade (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- v grows with every save; a mark carries the v of the save that wrote it.
create table if not exists sheet (
    id bigint not null auto_increment,
    assessment_id bigint not null,
    class_id bigint not null,
    paper_id bigint not null,
    scheme_id bigint not null,
    out_of int not null,
    state varchar(20) not null,
    v bigint not null default 0,
    primary key (id),
    constraint sheet_assessment_id_class_id_paper_id_unique unique (assessment_id, class_id, paper_id),
    constraint sheet_assessment_id_exists foreign key (assessment_id) references assessment (id),
    constraint sheet_class_id_exists foreign key (class_id) references class (id),
    constraint sheet_paper_id_exists foreign key (paper_id) references paper (id),
    constraint sheet_scheme_id_exists foreign key (scheme_id) references scheme (id),
    constraint sheet_out_of_range check (out_of between 1 and 100000),
    index sheet_by_class_id (class_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- Clustered by sheet: a sheet is one or two pages. A blank has no row; score in hundredths.
create table if not exists mark (
    sheet_id bigint not null,
    student_id bigint not null,
    state varchar(10) not null,
    score int,
    level varchar(10),
    v bigint not null,
    changed_by bigint not null,
    changed_at bigint not null,
    primary key (sheet_id, student_id),
    constraint mark_sheet_id_exists foreign key (sheet_id) references sheet (id),
    constraint mark_student_id_exists foreign key (student_id) references student (id),
    constraint mark_scored_has_a_value check ((state = 'scored' and (score is null) <> (level is null)) or (state <> 'scored' and score is null and level is null)),
    constraint mark_score_range check (score is null or score between 0 and 100000),
    index mark_by_student_id_sheet_id (student_id, sheet_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- Only ever added to. hash covers the row and previous_hash, the hash of the row before it on the sheet.
create table if not exists mark_change (
    sheet_id bigint not null,
    sequence bigint not null,
    student_id bigint not null,
    old_state varchar(10),
    old_score int,
    old_level varchar(10),
    new_state varchar(10),
    new_score int,
    new_level varchar(10),
    changed_by bigint not null,
    changed_at bigint not null,
    operation binary(16) not null,
    source varchar(20) not null,
    reason varchar(200),
    previous_hash binary(32) not null,
    hash binary(32) not null,
    primary key (sheet_id, sequence),
    constraint mark_change_sheet_id_exists foreign key (sheet_id) references sheet (id),
    constraint mark_change_student_id_exists foreign key (student_id) references student (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- What was answered to a write, so that the same write sent again has one effect and the same answer.
create table if not exists operation (
    id binary(16) not null,
    user_id bigint not null,
    request_hash binary(32) not null,
    reply mediumblob not null,
    created_at bigint not null,
    primary key (id),
    index operation_by_created_at (created_at)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
