-- Numbers of students, sheets, saves and users are 4 bytes in the two large tables, and in all that names the first two: up to
-- 2,147,483,647 of each in a school.
-- A column cannot change under its foreign key: each is dropped together with the change of its table, and added again at the end.
set @wide = (select count(*) > 0 from information_schema.columns
    where table_schema = database() and table_name = 'enrolment' and column_name = 'student_id' and data_type = 'bigint');
set @step = if(@wide, 'alter table enrolment
    drop foreign key enrolment_student_id_exists,
    modify student_id int not null,
    modify open_student_id int', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @wide = (select count(*) > 0 from information_schema.columns
    where table_schema = database() and table_name = 'mark' and column_name = 'student_id' and data_type = 'bigint');
set @step = if(@wide, 'alter table mark
    drop foreign key mark_sheet_id_exists,
    drop foreign key mark_student_id_exists,
    modify sheet_id int not null,
    modify student_id int not null,
    modify v int not null,
    modify changed_by int not null', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @wide = (select count(*) > 0 from information_schema.columns
    where table_schema = database() and table_name = 'mark_change' and column_name = 'student_id' and data_type = 'bigint');
set @step = if(@wide, 'alter table mark_change
    drop foreign key mark_change_sheet_id_exists,
    drop foreign key mark_change_student_id_exists,
    modify sheet_id int not null,
    modify sequence int not null,
    modify student_id int not null,
    modify changed_by int not null', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @wide = (select count(*) > 0 from information_schema.columns
    where table_schema = database() and table_name = 'student' and column_name = 'id' and data_type = 'bigint');
set @step = if(@wide, 'alter table student modify id int not null auto_increment', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @wide = (select count(*) > 0 from information_schema.columns
    where table_schema = database() and table_name = 'sheet' and column_name = 'id' and data_type = 'bigint');
set @step = if(@wide, 'alter table sheet
    modify id int not null auto_increment,
    modify v int not null default 0', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @missing = (select count(*) = 0 from information_schema.table_constraints
    where table_schema = database() and constraint_name = 'enrolment_student_id_exists');
set @step = if(@missing, 'alter table enrolment
    add constraint enrolment_student_id_exists foreign key (student_id) references student (id)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @missing = (select count(*) = 0 from information_schema.table_constraints
    where table_schema = database() and constraint_name = 'mark_sheet_id_exists');
set @step = if(@missing, 'alter table mark
    add constraint mark_sheet_id_exists foreign key (sheet_id) references sheet (id),
    add constraint mark_student_id_exists foreign key (student_id) references student (id)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @missing = (select count(*) = 0 from information_schema.table_constraints
    where table_schema = database() and constraint_name = 'mark_change_sheet_id_exists');
set @step = if(@missing, 'alter table mark_change
    add constraint mark_change_sheet_id_exists foreign key (sheet_id) references sheet (id),
    add constraint mark_change_student_id_exists foreign key (student_id) references student (id)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
