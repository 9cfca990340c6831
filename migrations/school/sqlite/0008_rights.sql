-- Roles that a school edits, permissions given on a part of it for a time, and requests for them.

alter table role add column second_factor boolean not null default false;
alter table role add column v integer not null default 1;

-- A permission given to a login. scope names which of the ids is set: none for school, level_id, grade_id, class_id, or class_id and offering_id for subject. At ends_at it is over.
create table if not exists access_grant (
    id integer not null primary key autoincrement,
    user_id integer not null,
    permission text not null,
    scope text not null,
    level_id integer,
    grade_id integer,
    class_id integer,
    offering_id integer,
    starts_at integer not null,
    ends_at integer,
    reason text not null,
    v integer not null default 1,
    given_at integer not null,
    given_by integer not null,
    revoked_at integer,
    revoked_by integer,
    revoked_why text,
    constraint access_grant_user_id_exists foreign key (user_id) references user (id),
    constraint access_grant_level_id_exists foreign key (level_id) references level (id),
    constraint access_grant_grade_id_exists foreign key (grade_id) references grade (id),
    constraint access_grant_class_id_exists foreign key (class_id) references class (id),
    constraint access_grant_offering_id_exists foreign key (offering_id) references offering (id),
    constraint access_grant_given_by_exists foreign key (given_by) references user (id),
    constraint access_grant_revoked_by_exists foreign key (revoked_by) references user (id),
    constraint access_grant_ends_after_start check (ends_at is null or ends_at > starts_at)
);
create index if not exists access_grant_by_user_id on access_grant (user_id);

-- A permission that somebody asks for; grant_id is what became of it when it was approved.
create table if not exists access_request (
    id integer not null primary key autoincrement,
    user_id integer not null,
    permission text not null,
    scope text not null,
    level_id integer,
    grade_id integer,
    class_id integer,
    offering_id integer,
    days integer,
    reason text not null,
    state text not null,
    requested_at integer not null,
    decided_at integer,
    decided_by integer,
    answer text,
    grant_id integer,
    constraint access_request_user_id_exists foreign key (user_id) references user (id),
    constraint access_request_level_id_exists foreign key (level_id) references level (id),
    constraint access_request_grade_id_exists foreign key (grade_id) references grade (id),
    constraint access_request_class_id_exists foreign key (class_id) references class (id),
    constraint access_request_offering_id_exists foreign key (offering_id) references offering (id),
    constraint access_request_decided_by_exists foreign key (decided_by) references user (id),
    constraint access_request_grant_id_exists foreign key (grant_id) references access_grant (id)
);
create index if not exists access_request_by_user_id on access_request (user_id);
create index if not exists access_request_by_state on access_request (state);

-- Schools that are there get the roles that came, and their roles the permissions that came.
insert or ignore into role (code)
select 'parent' from role where code = 'head-teacher'
union all select 'service' from role where code = 'head-teacher';

insert or ignore into role_permission (role_id, permission)
select role.id, came.permission
from role
join (select 'marks.submit' as permission
    union all select 'marks.approve'
    union all select 'marks.import'
    union all select 'results.compute'
    union all select 'results.publish'
    union all select 'reports.issue'
    union all select 'teaching.assign'
    union all select 'roles.manage'
    union all select 'grants.manage'
    union all select 'sessions.manage'
    union all select 'tokens.manage'
    union all select 'config.write'
    union all select 'export.bulk'
    union all select 'audit.read'
    union all select 'backup.run') came
where role.code in ('head-teacher', 'deputy-head')
    or (role.code = 'school-admin' and came.permission in
        ('teaching.assign', 'sessions.manage', 'tokens.manage', 'config.write', 'audit.read', 'backup.run'));
