-- staff: sort_name is the name folded, by which lists are ordered. search_name is a space and the name folded, then a space and the login's name folded. Both are empty until a server of this step wrote them: folding is not known to a database.
alter table staff add column sort_name text not null default '';
alter table staff add column search_name text not null default '';
create index if not exists staff_by_sort_name_id on staff (sort_name, id, state, search_name);
