use super::*;

#[test]
fn headings_are_known_however_they_are_written() {
    for (heading, field) in [
        ("Adm No", Field::Number),
        ("ADM. NO.", Field::Number),
        ("admission_number", Field::Number),
        ("Admission-Number", Field::Number),
        ("Reg. Number", Field::Number),
        ("AdmNo*", Field::Number),
        ("Student's Name", Field::Name),
        ("STUDENT NAME", Field::Name),
        ("givenName", Field::FirstName),
        ("Date of Birth", Field::BirthDate),
        ("D.O.B", Field::BirthDate),
        ("GENDER", Field::Sex),
        ("M/F", Field::Sex),
        ("S/No.", Field::Ignored),
    ] {
        let found = Field::of(heading).or_else(|| Field::of(&heading.replace('.', "")));
        assert_eq!(found, Some(field), "{heading:?}");
    }
    assert_eq!(Field::of("English"), None);
}

#[test]
fn the_out_of_is_taken_from_a_heading() {
    for (heading, name, out_of) in [
        ("English (Max: 40)", "English", Some(Score::whole(40))),
        ("English (max 40)", "English", Some(Score::whole(40))),
        ("English [out of 40]", "English", Some(Score::whole(40))),
        ("English (40)", "English", Some(Score::whole(40))),
        ("English (/40)", "English", Some(Score::whole(40))),
        ("English/40", "English", Some(Score::whole(40))),
        ("English / 37.5", "English", Some(Score(3750))),
        ("English out of 40", "English", Some(Score::whole(40))),
        ("English - Max 40", "English", Some(Score::whole(40))),
        ("ENG/GRAM /40", "ENG/GRAM", Some(Score::whole(40))),
        ("English", "English", None),
        ("English 2", "English 2", None),
        ("Paper 1", "Paper 1", None),
        ("(40)", "(40)", None),
        ("English (old)", "English (old)", None),
    ] {
        assert_eq!(out_of_suffix(heading), (name, out_of), "{heading:?}");
    }
}
