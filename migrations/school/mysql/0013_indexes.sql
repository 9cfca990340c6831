-- The next sheets of an assessment, in the order in which they were made.
set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'sheet' and index_name = 'sheet_by_assessment_id');
set @step = if(@missing, 'create index sheet_by_assessment_id on sheet (assessment_id)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

-- The tokens of scripts, among the sessions of everybody.
set @missing = (select count(*) = 0 from information_schema.statistics
    where table_schema = database() and table_name = 'session' and index_name = 'session_by_kind_ends_at');
set @step = if(@missing, 'create index session_by_kind_ends_at on session (kind, ends_at)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
