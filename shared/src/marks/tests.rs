use super::*;
use crate::grading::tests::ke_cbe_4;

fn parse(text: &str, out_of: i32) -> Result<Entry, EntryError> {
    Entry::parse(
        text,
        EntryRules {
            out_of: Score::whole(out_of),
            levels: None,
        },
    )
}

#[test]
fn reads_what_teachers_type() {
    for (text, out_of, entry) in [
        ("", 60, Entry::Blank),
        ("  ", 60, Entry::Blank),
        ("0", 60, Entry::Score(Score(0))),
        ("52", 60, Entry::Score(Score(5200))),
        (" 67.5 ", 100, Entry::Score(Score(6750))),
        ("67,5", 100, Entry::Score(Score(6750))),
        ("67.50", 100, Entry::Score(Score(6750))),
        ("67.500", 100, Entry::Score(Score(6750))),
        (".5", 60, Entry::Score(Score(50))),
        ("60", 60, Entry::Score(Score(6000))),
        ("17/20", 20, Entry::Score(Score(1700))),
        ("17/20", 60, Entry::Score(Score(5100))),
        ("85%", 60, Entry::Score(Score(5100))),
        ("ab", 60, Entry::Absent),
        ("Abs", 60, Entry::Absent),
        ("x", 60, Entry::Absent),
        ("-", 60, Entry::Absent),
        ("EX", 60, Entry::Exempt),
        ("w", 60, Entry::Withheld),
        ("Y", 60, Entry::Irregular),
    ] {
        assert_eq!(parse(text, out_of), Ok(entry), "{text:?} out of {out_of}");
    }
}

#[test]
fn refuses_with_the_reason_and_never_clamps() {
    for (text, code) in [
        ("61", "out-of-range"),
        ("60.01", "out-of-range"),
        ("-1", "out-of-range"),
        ("99999999999", "out-of-range"),
        ("21/20", "out-of-range"),
        ("1/7", "inexact-mark"),
        ("1/0", "out-of-range"),
        ("0/0", "inexact-mark"),
        ("33.33%", "inexact-mark"),
        ("1.234", "unreadable-mark"),
        ("4O", "unreadable-mark"),
        ("1e1", "unreadable-mark"),
        ("1.2.3", "unreadable-mark"),
        ("EE1", "unreadable-mark"),
        ("٤٢", "unreadable-mark"),
    ] {
        assert_eq!(parse(text, 60).map_err(|e| e.code()), Err(code), "{text:?}");
    }
    let out_of_61 = parse("61", 60).unwrap_err().to_string();
    assert_eq!(out_of_61, "61 is over 60");
}

#[test]
fn one_third_of_sixty_is_exact() {
    assert_eq!(parse("1/3", 30), Ok(Entry::Score(Score(1000))));
}

#[test]
fn levels_are_taken_by_code_or_points_and_only_where_the_sheet_takes_levels() {
    let scheme = ke_cbe_4();
    let rules = EntryRules {
        out_of: Score::whole(100),
        levels: Some(&scheme),
    };
    assert_eq!(Entry::parse("ee", rules), Ok(Entry::Level("EE".into())));
    assert_eq!(Entry::parse("3", rules), Ok(Entry::Level("ME".into())));
    assert_eq!(Entry::parse("ab", rules), Ok(Entry::Absent));
    assert_eq!(
        Entry::parse("5", rules).map_err(|e| e.code()),
        Err("no-such-level")
    );
    assert_eq!(
        Entry::Score(Score(100)).check(rules).map_err(|e| e.code()),
        Err("no-such-level")
    );
    let scores = EntryRules {
        out_of: Score::whole(60),
        levels: None,
    };
    assert_eq!(
        Entry::Level("EE".into())
            .check(scores)
            .map_err(|e| e.code()),
        Err("takes-scores")
    );
}

#[test]
fn a_made_up_score_is_checked_like_a_typed_one() {
    let rules = EntryRules {
        out_of: Score::whole(60),
        levels: None,
    };
    assert!(Entry::Score(Score(-1)).check(rules).is_err());
    assert!(Entry::Score(Score(6001)).check(rules).is_err());
    assert!(Entry::Score(Score(6000)).check(rules).is_ok());
}

#[test]
fn every_score_prints_as_it_reads() {
    for hundredths in 0..=10_000 {
        let score = Score(hundredths);
        assert_eq!(Score::parse(&score.to_string()), Ok(score));
    }
    assert_eq!(Score(6750).to_string(), "67.5");
    assert_eq!(Score(6705).to_string(), "67.05");
}

#[test]
fn blank_zero_absent_and_exempt_stay_four_things_in_storage() {
    for entry in [
        Entry::Score(Score(0)),
        Entry::Level("EE".into()),
        Entry::Absent,
        Entry::Exempt,
        Entry::Withheld,
        Entry::Irregular,
    ] {
        let state = entry.state().expect("only a blank has no row");
        let again = Entry::stored(state, entry.score(), entry.level().map(str::to_owned));
        assert_eq!(again, Some(entry));
    }
    assert_eq!(Entry::Blank.state(), None);
    assert_eq!(Entry::stored(MarkState::Scored, None, None), None);
    assert_eq!(Entry::stored(MarkState::Absent, Some(Score(0)), None), None);
}
