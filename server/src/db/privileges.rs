//! What the server's database user may do, table by table, and how another user gives it that.
//!
//! Only MySQL and MariaDB have users. Where a migration user is set, the server's own user makes
//! and changes no tables, and adds to the histories without being able to change or take back what
//! is in them. Not here: which user is connected when (`storage`).

use std::collections::BTreeSet;

use hillview_shared::ApiError;

use super::migrate::Scope;
use crate::error::Result;

/// What every table gives: it is read, if only to export a school.
const READ: &str = "select";

/// What each table of the control schema gives beside being read.
const CONTROL: &[(&str, &[&str])] = &[
    ("_sqlx_migrations", &[]),
    ("school", &["insert", "update", "delete"]),
];

/// The same for a school's schema. A history has no `update` and no `delete`.
const SCHOOL: &[(&str, &[&str])] = &[
    ("_sqlx_migrations", &[]),
    ("academic_year", &["insert"]),
    ("access_grant", &["insert", "update"]),
    ("access_request", &["insert", "update"]),
    ("assessment", &["insert", "update"]),
    ("assessment_grade", &["insert"]),
    ("audit", &["insert"]),
    ("audit_head", &["update"]),
    ("band", &["insert"]),
    ("class", &["insert", "update", "delete"]),
    ("device", &["insert", "update", "delete"]),
    ("enrolment", &["insert", "update", "delete"]),
    ("enrolment_offering", &["delete"]),
    ("grade", &["insert", "update"]),
    ("import_change", &["insert"]),
    ("import_chunk", &["insert", "delete"]),
    ("import_job", &["insert", "update"]),
    ("import_problem", &["insert", "delete"]),
    ("import_refused", &["insert", "delete"]),
    ("level", &["insert"]),
    ("mark", &["insert", "update"]),
    ("mark_change", &["insert"]),
    ("offering", &["insert"]),
    ("operation", &["insert"]),
    ("paper", &["insert", "delete"]),
    ("profile", &["insert", "update"]),
    ("recovery_code", &["insert", "update", "delete"]),
    ("role", &["insert", "update", "delete"]),
    ("role_permission", &["insert", "update", "delete"]),
    ("scheme", &["insert"]),
    ("second_factor", &["insert", "update", "delete"]),
    ("session", &["insert", "update", "delete"]),
    ("session_policy", &["update"]),
    ("setting", &[]),
    ("sheet", &["insert", "update"]),
    ("staff", &["insert", "update", "delete"]),
    ("student", &["insert", "update", "delete"]),
    ("subject", &["insert"]),
    ("teaching", &["insert", "update", "delete"]),
    ("term", &["insert"]),
    ("user", &["insert", "update", "delete"]),
    ("user_role", &["insert", "update", "delete"]),
];

/// A right on a table.
pub type Right = (String, String);

/// What the server needs in a schema: each table with each right.
pub fn needed(scope: Scope) -> BTreeSet<Right> {
    let tables = match scope {
        Scope::Control => CONTROL,
        Scope::School => SCHOOL,
    };
    let of_table = |(table, writes): &(&str, &[&str])| {
        let table = (*table).to_owned();
        let rights = [READ].into_iter().chain(writes.iter().copied());
        let rights: Vec<Right> = rights
            .map(|right| (table.clone(), right.to_owned()))
            .collect();
        rights
    };
    tables.iter().flat_map(of_table).collect()
}

/// A database user, `user@host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    user: String,
    host: String,
}

impl Account {
    /// Reads `user@host`; any host where none is said. What would have to be escaped is refused.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let (user, host) = text.rsplit_once('@').unwrap_or((text, "%"));
        let plain = |c: char| !c.is_control() && !"'\"`\\@".contains(c);
        let fits = |part: &str, most| (1..=most).contains(&part.len()) && part.chars().all(plain);
        if !fits(user, 80) || !fits(host, 255) {
            let message = format!("{text:?} is no database user that rights can be given to");
            return Err(ApiError::invalid("bad-database-user", message)
                .hint("it is written USER@HOST, without quotation marks"));
        }
        Ok(Self {
            user: user.to_owned(),
            host: host.to_owned(),
        })
    }

    /// As the information schema writes it, and as it stands in statements.
    pub fn quoted(&self) -> String {
        format!("'{}'@'{}'", self.user, self.host)
    }
}

/// The statements that give a user what it lacks in a schema and take what it has too much.
pub fn statements(
    schema: &str,
    account: &Account,
    needed: &BTreeSet<Right>,
    held: &BTreeSet<Right>,
) -> Vec<String> {
    let account = account.quoted();
    let taken = by_table(held.difference(needed));
    let taken = taken
        .into_iter()
        .map(|(table, rights)| format!("revoke {rights} on `{schema}`.`{table}` from {account}"));
    let given = by_table(needed.difference(held));
    let given = given
        .into_iter()
        .map(|(table, rights)| format!("grant {rights} on `{schema}`.`{table}` to {account}"));
    taken.chain(given).collect()
}

/// Each table once, with its rights joined.
fn by_table<'a>(rights: impl Iterator<Item = &'a Right>) -> Vec<(&'a str, String)> {
    let mut tables: Vec<(&str, String)> = Vec::new();
    for (table, right) in rights {
        match tables.last_mut() {
            Some((last, joined)) if last == table => {
                joined.push_str(", ");
                joined.push_str(right);
            }
            _ => tables.push((table, right.clone())),
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(all: &[(&str, &str)]) -> BTreeSet<Right> {
        let owned = |(table, right): &(&str, &str)| ((*table).to_owned(), (*right).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn histories_are_read_and_added_to() {
        let needed = needed(Scope::School);
        for table in ["audit", "mark_change"] {
            let given = needed.iter().filter(|(name, _)| name == table);
            let given: Vec<&str> = given.map(|(_, right)| right.as_str()).collect();
            assert_eq!(given, ["insert", "select"], "{table}");
        }
    }

    #[test]
    fn what_is_lacking_is_given_and_what_is_too_much_taken() {
        let account = Account::parse("hillview@localhost").unwrap();
        let needed = rights(&[("audit", "insert"), ("audit", "select"), ("mark", "select")]);
        let held = rights(&[("audit", "delete"), ("mark", "select"), ("old", "select")]);
        assert_eq!(
            statements("hv_a", &account, &needed, &held),
            [
                "revoke delete on `hv_a`.`audit` from 'hillview'@'localhost'",
                "revoke select on `hv_a`.`old` from 'hillview'@'localhost'",
                "grant insert, select on `hv_a`.`audit` to 'hillview'@'localhost'",
            ]
        );
        assert!(statements("hv_a", &account, &needed, &needed).is_empty());
    }

    #[test]
    fn an_account_needs_no_escaping() {
        assert_eq!(Account::parse("hv").unwrap().quoted(), "'hv'@'%'");
        assert_eq!(
            Account::parse("hv@10.0.%").unwrap().quoted(),
            "'hv'@'10.0.%'"
        );
        for bad in ["", "@", "a'b@c", "a@", "@c", "a\\@c", "a@b`c"] {
            assert!(Account::parse(bad).is_err(), "{bad:?}");
        }
    }
}
