use super::*;

#[test]
fn logins_are_made_of_the_first_letter_and_the_last_name() {
    for (name, login) in [
        ("Akinyi Odhiambo", Some("a.odhiambo")),
        ("Peter Kamau Ng'ang'a", Some("p.nganga")),
        ("O'Brien, Mary", Some("o.mary")),
        ("Wanjikũ wa Kamaũ", Some("w.kamau")),
        ("Madonna", Some("madonna")),
        ("X", None),
        ("\u{645}\u{631}\u{64a}\u{645}", None),
        ("Anne-Marie", Some("a.marie")),
    ] {
        assert_eq!(plain_login(name).as_deref(), login, "{name:?}");
    }
    let long = plain_login(&format!("A {}", "b".repeat(90))).unwrap();
    assert!(crate::service::accounts::check_username(&long).is_ok());
}
