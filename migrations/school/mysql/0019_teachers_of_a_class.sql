-- Who teaches a subject of a class: an index of subjects alone has every class of the school. It takes the place of
-- the one by class, which stays until then for the foreign key.
set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'teaching' and index_name = 'teaching_by_class_id_offering_id');
set @step = if(@missing, 'alter table teaching add index teaching_by_class_id_offering_id (class_id, offering_id)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @there = (select count(*) > 0 from information_schema.statistics
    where table_schema = database() and table_name = 'teaching' and index_name = 'teaching_by_class_id');
set @step = if(@there, 'alter table teaching drop index teaching_by_class_id', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
