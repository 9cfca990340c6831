-- Nothing: the foreign key mark_change_student_id_exists has an index of its own here, which SQLite makes in this step.

do 0;
