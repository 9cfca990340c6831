-- Students, where they are enrolled, and staff.

-- admission_key: the number folded to one case, for uniqueness. sort_name and search_name are folded too.
create table if not exists student (
    id integer not null primary key autoincrement,
    admission_no text not null,
    admission_key text not null,
    name text not null,
    sort_name text not null,
    search_name text not null,
    sex text,
    birth_date date,
    status text not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    updated_at integer not null,
    updated_by integer,
    constraint student_admission_key_unique unique (admission_key)
);
create index if not exists student_by_sort_name_id on student (sort_name, id);

-- History never moves: leaving a class ends the row. open_student_id holds the student while the row is open, so that a student has one open enrolment.
create table if not exists enrolment (
    id integer not null primary key autoincrement,
    student_id integer not null,
    class_id integer not null,
    starts date not null,
    ends date,
    open_student_id integer,
    created_at integer not null,
    created_by integer,
    constraint enrolment_open_student_id_unique unique (open_student_id),
    constraint enrolment_student_id_exists foreign key (student_id) references student (id),
    constraint enrolment_class_id_exists foreign key (class_id) references class (id)
);
create index if not exists enrolment_by_class_id_starts on enrolment (class_id, starts);
create index if not exists enrolment_by_student_id_starts on enrolment (student_id, starts);

-- The electives and variants that a student takes.
create table if not exists enrolment_offering (
    enrolment_id integer not null,
    offering_id integer not null,
    primary key (enrolment_id, offering_id),
    constraint enrolment_offering_enrolment_id_exists foreign key (enrolment_id) references enrolment (id),
    constraint enrolment_offering_offering_id_exists foreign key (offering_id) references offering (id)
);

create table if not exists staff (
    id integer not null primary key autoincrement,
    staff_no text not null,
    staff_key text not null,
    name text not null,
    state text not null,
    v integer not null default 1,
    created_at integer not null,
    created_by integer,
    constraint staff_staff_key_unique unique (staff_key)
);

-- offering_id is empty for a class teacher or deputy, who reach the whole class.
create table if not exists teaching (
    id integer not null primary key autoincrement,
    staff_id integer not null,
    class_id integer not null,
    offering_id integer,
    role text not null,
    starts date not null,
    ends date,
    created_at integer not null,
    created_by integer,
    constraint teaching_staff_id_exists foreign key (staff_id) references staff (id),
    constraint teaching_class_id_exists foreign key (class_id) references class (id),
    constraint teaching_offering_id_exists foreign key (offering_id) references offering (id)
);
create index if not exists teaching_by_staff_id on teaching (staff_id);
create index if not exists teaching_by_class_id on teaching (class_id);
