-- staff: sort_name is the name folded, by which lists are ordered. search_name is a space and the name folded, then a space and the login's name folded. Both are empty until a server of this step wrote them: folding is not known to a database.
set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'staff' and column_name = 'sort_name');
set @step = if(@missing, 'alter table staff
    add column sort_name varchar(140) not null default '''',
    add column search_name varchar(190) not null default '''',
    add index staff_by_sort_name_id (sort_name, id, state, search_name)', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;
