-- Roles that a school edits, permissions given on a part of it for a time, and requests for them.

set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'role' and column_name = 'second_factor');
set @step = if(@missing, 'alter table role add column second_factor boolean not null default false', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

set @missing = (select count(*) = 0 from information_schema.columns
    where table_schema = database() and table_name = 'role' and column_name = 'v');
set @step = if(@missing, 'alter table role add column v bigint not null default 1', 'do 0');
prepare step from @step;
execute step;
deallocate prepare step;

-- A permission given to a login. scope names which of the ids is set: none for school, level_id, grade_id, class_id, or class_id and offering_id for subject. At ends_at it is over.
create table if not exists access_grant (
    id bigint not null auto_increment,
    user_id bigint not null,
    permission varchar(40) not null,
    scope varchar(20) not null,
    level_id bigint,
    grade_id bigint,
    class_id bigint,
    offering_id bigint,
    starts_at bigint not null,
    ends_at bigint,
    reason varchar(200) not null,
    v bigint not null default 1,
    given_at bigint not null,
    given_by bigint not null,
    revoked_at bigint,
    revoked_by bigint,
    revoked_why varchar(200),
    primary key (id),
    constraint access_grant_user_id_exists foreign key (user_id) references user (id),
    constraint access_grant_level_id_exists foreign key (level_id) references level (id),
    constraint access_grant_grade_id_exists foreign key (grade_id) references grade (id),
    constraint access_grant_class_id_exists foreign key (class_id) references class (id),
    constraint access_grant_offering_id_exists foreign key (offering_id) references offering (id),
    constraint access_grant_given_by_exists foreign key (given_by) references user (id),
    constraint access_grant_revoked_by_exists foreign key (revoked_by) references user (id),
    constraint access_grant_ends_after_start check (ends_at is null or ends_at > starts_at),
    index access_grant_by_user_id (user_id)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- A permission that somebody asks for; grant_id is what became of it when it was approved.
create table if not exists access_request (
    id bigint not null auto_increment,
    user_id bigint not null,
    permission varchar(40) not null,
    scope varchar(20) not null,
    level_id bigint,
    grade_id bigint,
    class_id bigint,
    offering_id bigint,
    days int,
    reason varchar(200) not null,
    state varchar(20) not null,
    requested_at bigint not null,
    decided_at bigint,
    decided_by bigint,
    answer varchar(200),
    grant_id bigint,
    primary key (id),
    constraint access_request_user_id_exists foreign key (user_id) references user (id),
    constraint access_request_level_id_exists foreign key (level_id) references level (id),
    constraint access_request_grade_id_exists foreign key (grade_id) references grade (id),
    constraint access_request_class_id_exists foreign key (class_id) references class (id),
    constraint access_request_offering_id_exists foreign key (offering_id) references offering (id),
    constraint access_request_decided_by_exists foreign key (decided_by) references user (id),
    constraint access_request_grant_id_exists foreign key (grant_id) references access_grant (id),
    index access_request_by_user_id (user_id),
    index access_request_by_state (state)
) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin;

-- Schools that are there get the roles that came, and their roles the permissions that came.
insert ignore into role (code)
select 'parent' from role where code = 'head-teacher'
union all select 'service' from role where code = 'head-teacher';

insert ignore into role_permission (role_id, permission)
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
