-- The hash of the row before stands in that row already: 8 bytes say what a check needs to name a row.
-- mark_change: Only ever added to. hash covers the row and the hash of the row before it on the sheet. row_hash: 4 bytes of a hash of the row by itself, then the first 4 of the hash of the row before; empty in rows of before it came.
-- force: the table is written anew, since without it the old bytes stay where they are.
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'mark_change' and column_name = 'row_hash');
set @step = if(@missing, 'alter table mark_change
    add column row_hash binary(8),
    drop column previous_hash,
    force', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
