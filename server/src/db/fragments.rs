//! Pieces of SQL that several statements must agree on, as literals.

/// True where `enrolment` makes its student expected on a sheet of `offering` in `assessment`:
/// enrolled on the reference day, which is today kept within the assessment's dates, and taking
/// the offering (chosen, or taken by default and nothing else of its group chosen).
///
/// Two question marks: today, twice.
macro_rules! expected {
    () => {
        "(enrolment.starts <= assessment.opens
            or (enrolment.starts <= ? and enrolment.starts <= assessment.closes))
        and (enrolment.ends is null or (enrolment.ends >= assessment.opens
            and (enrolment.ends >= ? or enrolment.ends >= assessment.closes)))
        and ((offering.by_default and not exists (select 1 from enrolment_offering choice
                join offering chosen on chosen.id = choice.offering_id
                where choice.enrolment_id = enrolment.id and chosen.id <> offering.id
                and chosen.variant_group = offering.variant_group))
            or exists (select 1 from enrolment_offering choice
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

/// Whoever may stand on a sheet, in place of the table `enrolment`: who is or was enrolled in its
/// class, and who has a mark on it, whatever became of their enrolment. Somebody may stand twice.
///
/// Two question marks: the sheet, twice.
macro_rules! on_sheet {
    () => {
        "(select id, student_id, starts, ends from enrolment
            where class_id = (select class_id from sheet where id = ?)
        union all select 0, student_id, null, null from mark where sheet_id = ?) enrolment"
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

pub(crate) use {expected, on_sheet, paper_label, session_is_open};
