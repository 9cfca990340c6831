-- Counts beside the epoch of sessions, in its one row, so that all of them are one read.
-- last_end: numbers ends of sessions; end_no: which end it was. Whoever remembers sessions asks which have ended since.
-- reference_epoch: counts changes of what changes a few times a year: terms, classes, subjects, papers.
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session_policy' and column_name = 'last_end');
set @step = if(@missing, 'alter table session_policy add column last_end bigint not null default 0', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session_policy' and column_name = 'reference_epoch');
set @step = if(@missing, 'alter table session_policy add column reference_epoch bigint not null default 0', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'session' and column_name = 'end_no');
set @step = if(@missing, 'alter table session add column end_no bigint', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'session' and index_name = 'session_by_end_no');
set @step = if(@missing, 'alter table session add index session_by_end_no (end_no)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
