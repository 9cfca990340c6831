-- Students, where they are enrolled, and staff.

-- admission_key: the number folded to one case, for uniqueness. sort_name and search_name are folded too.
create table if not exists student (
    id bigint not null auto_increment,
    admission_no varchar(40) not null,
    admission_key varchar(40) not null,
    name varchar(120) not null,
    sort_name varchar(140) not null,
    search_name varchar(140) not null,
    sex varchar(10),
    birth_date date,
    status varchar(20) not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    updated_at bigint not null,
    updated_by bigint,
    primary key (id),
    constraint student_admission_key_unique unique (admission_key),
    index student_by_sort_name_id (sort_name, id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- History never moves: leaving a class ends the row. open_student_id holds the student while the row is open, so that a student has one open enrolment.
create table if not exists enrolment (
    id bigint not null auto_increment,
    student_id bigint not null,
    class_id bigint not null,
    starts date not null,
    ends date,
    open_student_id bigint,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint enrolment_open_student_id_unique unique (open_student_id),
    constraint enrolment_student_id_exists foreign key (student_id) references student (id),
    constraint enrolment_class_id_exists foreign key (class_id) references class (id),
    index enrolment_by_class_id_starts (class_id, starts),
    index enrolment_by_student_id_starts (student_id, starts)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- The electives and variants that a student takes.
create table if not exists enrolment_offering (
    enrolment_id bigint not null,
    offering_id bigint not null,
    primary key (enrolment_id, offering_id),
    constraint enrolment_offering_enrolment_id_exists foreign key (enrolment_id) references enrolment (id),
    constraint enrolment_offering_offering_id_exists foreign key (offering_id) references offering (id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

create table if not exists staff (
    id bigint not null auto_increment,
    staff_no varchar(30) not null,
    staff_key varchar(30) not null,
    name varchar(120) not null,
    state varchar(20) not null,
    v bigint not null default 1,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint staff_staff_key_unique unique (staff_key)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- offering_id is empty for a class teacher or deputy, who reach the whole class.
create table if not exists teaching (
    id bigint not null auto_increment,
    staff_id bigint not null,
    class_id bigint not null,
    offering_id bigint,
    role varchar(20) not null,
    starts date not null,
    ends date,
    created_at bigint not null,
    created_by bigint,
    primary key (id),
    constraint teaching_staff_id_exists foreign key (staff_id) references staff (id),
    constraint teaching_class_id_exists foreign key (class_id) references class (id),
    constraint teaching_offering_id_exists foreign key (offering_id) references offering (id),
    index teaching_by_staff_id (staff_id),
    index teaching_by_class_id (class_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;
