-- Whether a student has a history is asked for each who is removed, by the foreign key as well.

create index if not exists mark_change_by_student_id on mark_change (student_id);
