-- Who teaches a subject of a class: it takes the place of the index by class.

create index if not exists teaching_by_class_id_offering_id on teaching (class_id, offering_id);
drop index if exists teaching_by_class_id;
