-- Counts beside the epoch of sessions, in its one row, so that all of them are one read.
-- last_end: numbers ends of sessions; end_no: which end it was. Whoever remembers sessions asks which have ended since.
-- reference_epoch: counts changes of what changes a few times a year: terms, classes, subjects, papers.
alter table session_policy add column last_end integer not null default 0;
alter table session_policy add column reference_epoch integer not null default 0;
alter table session add column end_no integer;
create index if not exists session_by_end_no on session (end_no);
