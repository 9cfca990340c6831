//! Pieces of SQL that several statements must agree on, as literals.

/// True where `enrolment` makes its student expected on a sheet of `offering` in `assessment`:
/// enrolled on the reference day, which is today kept within the assessment's dates, and taking
/// the offering (chosen, or taken by default and nothing else of its group chosen). The choice is
/// counted, because MariaDB would read every choice of the school to know which exist.
///
/// Two question marks: today, twice.
macro_rules! expected {
    () => {
        "(enrolment.starts <= assessment.opens
            or (enrolment.starts <= ? and enrolment.starts <= assessment.closes))
        and (enrolment.ends is null or (enrolment.ends >= assessment.opens
            and (enrolment.ends >= ? or enrolment.ends >= assessment.closes)))
        and ((offering.by_default and (offering.variant_group is null
                or not exists (select 1 from enrolment_offering choice
                    join offering chosen on chosen.id = choice.offering_id
                    where choice.enrolment_id = enrolment.id and chosen.id <> offering.id
                    and chosen.variant_group = offering.variant_group)))
            or 0 < (select count(*) from enrolment_offering choice
                where choice.enrolment_id = enrolment.id and choice.offering_id = offering.id))"
    };
}

/// `English / Grammar`, or `Mathematics` where the paper is the only one.
macro_rules! paper_label {
    () => {
        "case when paper.name = '' then subject.name
            else subject.name || ' / ' || paper.name end"
    };
}

/// True of a row of `mark` that is a mark: where one was cleared, the row stays for who did it.
macro_rules! entered {
    () => {
        "mark.state <> 'blank'"
    };
}

/// The state of a row of `mark`, null where the mark was cleared.
macro_rules! entered_state {
    () => {
        "nullif(mark.state, 'blank')"
    };
}

/// Whoever may stand on a sheet, in place of the table `enrolment`: who is or was enrolled in its
/// class, and who has or had a mark on it, whatever became of their enrolment. Somebody may stand twice.
///
/// Two question marks: the sheet, twice.
macro_rules! on_sheet {
    () => {
        "(select id, student_id, starts, ends from enrolment
            where class_id = (select class_id from sheet where id = ?)
        union all select 0, student_id, null, null from mark where sheet_id = ?) enrolment"
    };
}

/// The year of a day: of the term that it lies in, else of the next one to come, else of the last.
///
/// Two question marks: the day, twice.
macro_rules! year_of {
    () => {
        "(select year_id from term
            order by case when ends >= ? then 0 else 1 end,
                case when ends >= ? then starts end, ends desc
            limit 1)"
    };
}

/// True where the session `s` is open under the school's policy `p`.
///
/// Four question marks: now, each time.
macro_rules! session_is_open {
    () => {
        "s.ended_at is null and s.ends_at > ?
        and (s.idle_micros is null or s.last_seen_at + s.idle_micros > ?)
        and (s.kind <> 'login' or (s.created_at + p.days * 86400000000 > ?
            and s.last_seen_at + p.idle_minutes * 60000000 > ?))"
    };
}

/// The columns of a list of sheets before the paper's label, behind it up to the page of their
/// numbers, and the rest. In the order of joins that is written: MariaDB, as long as it has not
/// counted a new school, begins with the small tables and looks for the page's sheets in each, and
/// for a sheet's teacher among all of the subject.
///
/// In the second two question marks: today, twice.
macro_rules! sheet_listed {
    () => {
        "select sheet.id, sheet.class_id, class.name as class, assessment.code as assessment,
            sheet.paper_id, "
    };
}

macro_rules! sheet_listed_of {
    () => {
        " as paper, sheet.state, assessment.state as assessment_state, assessment.opens,
            assessment.closes, 0 as entered, 0 as expected,
            (select min(staff.name)
                from teaching {by teaching_by_class_id_offering_id}
                join staff on staff.id = teaching.staff_id
                where teaching.class_id = sheet.class_id
                and teaching.offering_id = paper.offering_id
                and teaching.starts <= ?
                and (teaching.ends is null or teaching.ends >= ?)) as teacher
        from ("
    };
}

macro_rules! sheet_listed_page {
    () => {
        ") page
        {then} sheet on sheet.id = page.id
        {then} class on class.id = sheet.class_id
        {then} assessment on assessment.id = sheet.assessment_id
        {then} paper on paper.id = sheet.paper_id
        {then} offering on offering.id = paper.offering_id
        {then} subject on subject.id = offering.subject_id
        order by sheet.id"
    };
}

/// The columns of a list of assignments, what stands behind their tables, and the order of a page.
///
/// In the second three question marks: whether of all dates, and today, twice. In the third six: the
/// place of the page before, and the limit.
macro_rules! teaching_listed {
    () => {
        "select teaching.id, teaching.staff_id, staff.name as staff, teaching.class_id,
            class.name as class, teaching.offering_id, subject.name as subject, teaching.role,
            teaching.starts, teaching.ends, grade.ordinal "
    };
}

macro_rules! teaching_listed_where {
    () => {
        " join staff on staff.id = teaching.staff_id
        left join offering on offering.id = teaching.offering_id
        left join subject on subject.id = offering.subject_id
        where (? or (teaching.starts <= ? and (teaching.ends is null or teaching.ends >= ?))) "
    };
}

macro_rules! teaching_listed_page {
    () => {
        " and (grade.ordinal, class.name, teaching.role, coalesce(subject.name, ''), teaching.id)
            > (?, ?, ?, ?, ?)
        order by grade.ordinal, class.name, teaching.role, coalesce(subject.name, ''), teaching.id
        limit ?"
    };
}

pub(crate) use {
    entered, entered_state, expected, on_sheet, paper_label, session_is_open, year_of,
};
pub(crate) use {
    sheet_listed, sheet_listed_of, sheet_listed_page, teaching_listed, teaching_listed_page,
    teaching_listed_where,
};
