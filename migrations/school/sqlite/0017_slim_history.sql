-- The hash of the row before stands in that row already: 8 bytes say what a check needs to name a row.
-- mark_change: Only ever added to. hash covers the row and the hash of the row before it on the sheet. row_hash: 4 bytes of a hash of the row by itself, then the first 4 of the hash of the row before; empty in rows of before it came.
alter table mark_change add column row_hash blob;
alter table mark_change drop column previous_hash;
