//! Makes the school several times as large, by statements that every engine has.

use hillview_server::db::Db;

/// Each statement takes one number: how many rows, of something that the statements before it made.
const GROW: &[(&str, i64)] = &[
    ("insert into class (year_id, grade_id, stream, name, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select (select max(year_id) from class), (select max(grade_id) from class), 'L' || i, '4 L' || i, 1 from n", 60),
    ("insert into student (admission_no, admission_key, name, sort_name, search_name, status, created_at, updated_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select 'L' || (k + i), 'l' || (k + i), 'Mary Large' || (k + i), 'mary large' || (k + i), ' mary large' || (k + i), 'active', 1, 1
      from n join (select 0 as k union all select 1000 union all select 2000 union all select 3000) thousand on true", 990),
    ("insert into enrolment (student_id, class_id, starts, open_student_id, created_at)
      select student.id, class.id, '2020-01-01', student.id, 1
      from student
      join class on class.stream = 'L' || (student.id % ? + 1)
      where student.admission_key like 'l%'", 60),
    ("insert into enrolment (student_id, class_id, starts, ends, created_at)
      select student_id, (select min(id) from class), '2019-01-01', null, created_at
      from enrolment where created_at = 1 limit ?", 20),
    ("insert into enrolment_offering (enrolment_id, offering_id)
      select enrolment.id, offering.id from enrolment cross join offering where enrolment.created_at = 1 limit ?", 4_000),
    ("insert into staff (staff_no, staff_key, name, sort_name, search_name, state, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select 'L' || i, 'l' || i, 'Grace Large', 'grace large', ' grace large l' || i, 'active', 1 from n", 400),
    ("insert into user (staff_id, username, name, password, must_change, state, created_at, updated_at)
      select id, staff_key, name, '', false, 'active', 1, 1 from staff where staff_key like 'l%' limit ?", 400),
    ("insert into user_role (user_id, role_id)
      select user.id, role.id from user join role on role.code = 'teacher' where user.username like 'l%' limit ?", 400),
    ("insert into teaching (staff_id, class_id, role, starts, created_at)
      select staff.id, (select max(id) from class), 'deputy', '2020-01-01', 1 from staff where staff_key like 'l%' limit ?", 400),
    ("insert into teaching (staff_id, class_id, offering_id, role, starts, created_at)
      select (select max(id) from staff), class.id, offering.id, 'subject-teacher', '2020-01-01', 1
      from class join offering on offering.grade_id = class.grade_id where class.stream like 'L%' limit ?", 100),
    ("insert into sheet (assessment_id, class_id, paper_id, scheme_id, out_of, state, v)
      select made.assessment_id, class.id, made.paper_id, made.scheme_id, made.out_of, 'open', 1
      from sheet made join class on class.stream like 'L%'
      where made.class_id = (select min(id) from class) limit ?", 2_000),
    ("insert into assessment (term_id, year_id, code, name, opens, closes, state, direct_levels, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select term_id, year_id, 'L' || i, 'Large', opens, closes, 'locked', false, 1
      from n join (select * from assessment order by id limit 1) one on true", 15),
    ("insert into sheet (assessment_id, class_id, paper_id, scheme_id, out_of, state, v)
      select assessment.id, sheet.class_id, sheet.paper_id, sheet.scheme_id, sheet.out_of, 'open', 1
      from sheet join assessment on assessment.name = 'Large'
      where sheet.assessment_id = (select min(id) from assessment) limit ?", 20_000),
    ("insert into mark (sheet_id, student_id, state, score, v, changed_by, changed_at)
      select sheet.id, enrolment.student_id, 'scored', 4000, 1, 1, 1
      from sheet join enrolment on enrolment.class_id = sheet.class_id and enrolment.created_at = 1
      where enrolment.open_student_id is not null limit ?", 20_000),
    ("insert into mark_change (sheet_id, sequence, student_id, new_state, new_score, changed_by, changed_at, operation, source, hash)
      select mark.sheet_id, 1000000 + mark.student_id, mark.student_id, mark.state, mark.score, 1, 1,
          substr(token_hash, 1, 16), 'tui', token_hash
      from mark join (select token_hash from session order by id limit 1) one on true
      where mark.changed_at = 1 limit ?", 10_000),
    ("insert into audit (sequence, at, username, address, source, action, subject, outcome, refused, detail, previous_hash, hash)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select - (k + i), 1000000 * (k + i), 'head', 'unix', 'tui', 'log-in', 'head', 'ok', false, '', token_hash, token_hash
      from n join (select 0 as k union all select 1000 union all select 2000 union all select 3000) thousand on true
      join (select token_hash from session order by id limit 1) one on true", 990),
    ("insert into session (token_hash, user_id, client, address, created_at, last_seen_at, ends_at, kind, ended_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
      select substr((10000 + i) || '0123456789abcdef0123456789abcdef', 1, 32), user_id, client, address, created_at, i, ends_at, 'login', null
      from n join (select * from session order by id limit 1) one on true", 900),
    ("insert into access_grant (user_id, permission, scope, starts_at, reason, given_at, given_by)
      select id, 'backup.run', 'school', 1, 'test', 1, id from user where username like 'l%' limit ?", 300),
    ("insert into access_request (user_id, permission, scope, reason, state, requested_at)
      select id, 'backup.run', 'school', 'test', 'open', 1 from user where username like 'l%' limit ?", 300),
    ("insert into import_job (kind, file_name, length, received, state, created_by, created_at, added, changed, refused)
      select 'students', 'f', 1, 1, 'applied', id, 1, 0, 0, 0 from user where username like 'l%' limit ?", 300),
];

pub async fn grow(db: &Db) {
    for (sql, rows) in GROW {
        let grown = db.write(async |tx| Ok(tx.query(sql).bind(*rows).execute().await?));
        let grown = grown.await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
        assert!(grown > 10, "only {grown} rows\n{sql}");
    }
}
