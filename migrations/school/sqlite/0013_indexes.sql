-- Indexes for what is looked for. Those of references are what MySQL makes by itself: without them whoever removes a
-- row has every table that could name it read.
create index if not exists access_grant_by_class_id on access_grant (class_id);
create index if not exists access_grant_by_given_by on access_grant (given_by);
create index if not exists access_grant_by_revoked_by on access_grant (revoked_by);
create index if not exists access_request_by_class_id on access_request (class_id);
create index if not exists access_request_by_decided_by on access_request (decided_by);
create index if not exists enrolment_offering_by_offering_id on enrolment_offering (offering_id);
create index if not exists mark_change_by_student_id on mark_change (student_id);
create index if not exists user_role_by_role_id on user_role (role_id);

-- The next sheets of an assessment, in the order in which they were made.
create index if not exists sheet_by_assessment_id on sheet (assessment_id);
create index if not exists sheet_by_paper_id on sheet (paper_id);

-- The tokens of scripts, among the sessions of everybody.
create index if not exists session_by_kind_ends_at on session (kind, ends_at);
