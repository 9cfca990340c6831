//! Names of keys, and which command a key gives where.

use crate::command::{self, Command, Scope};
use crate::msg::{Code, Key};

/// A key's name, as the table, the hints and the reference write it: `Enter`, `Ctrl-R`, `g`.
pub fn name(key: Key) -> String {
    let code = match key.code {
        Code::Char(' ') => "Space".to_owned(),
        Code::Char(c) if key.ctrl => c.to_uppercase().to_string(),
        Code::Char(c) => c.to_string(),
        Code::Enter => "Enter".to_owned(),
        Code::Esc => "Esc".to_owned(),
        Code::Tab => "Tab".to_owned(),
        Code::BackTab => "BackTab".to_owned(),
        Code::Backspace => "Backspace".to_owned(),
        Code::Delete => "Del".to_owned(),
        Code::Insert => "Ins".to_owned(),
        Code::Up => "Up".to_owned(),
        Code::Down => "Down".to_owned(),
        Code::Left => "Left".to_owned(),
        Code::Right => "Right".to_owned(),
        Code::Home => "Home".to_owned(),
        Code::End => "End".to_owned(),
        Code::PageUp => "PgUp".to_owned(),
        Code::PageDown => "PgDn".to_owned(),
        Code::F(number) => format!("F{number}"),
    };
    let ctrl = if key.ctrl { "Ctrl-" } else { "" };
    let alt = if key.alt { "Alt-" } else { "" };
    format!("{ctrl}{alt}{code}")
}

/// The command of a key in some scopes, the nearest scope first. While a field has the focus, a
/// key that writes text is no command.
pub fn find(scopes: &[Scope], key: Key, typing: bool) -> Option<Command> {
    if typing && key.text().is_some() {
        return None;
    }
    command::within(scopes)
        .find(|entry| entry.has(key))
        .map(|entry| entry.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_text_while_a_field_has_the_focus() {
        let scopes = [Scope::Marks, Scope::Rows, Scope::Anywhere];
        let a = Key::plain(Code::Char('a'));
        assert_eq!(find(&scopes, a, false), Some(Command::Absent));
        assert_eq!(find(&scopes, a, true), None);
        let f1 = Key::plain(Code::F(1));
        assert_eq!(find(&scopes, f1, true), Some(Command::Help));
    }

    #[test]
    fn the_nearest_scope_wins() {
        let esc = Key::plain(Code::Esc);
        let scopes = [Scope::MarkEdit, Scope::Anywhere];
        assert_eq!(find(&scopes, esc, true), Some(Command::CancelEdit));
        assert_eq!(find(&scopes[1..], esc, false), Some(Command::Back));
    }

    #[test]
    fn keys_have_plain_names() {
        assert_eq!(name(Key::ctrl(Code::Char('r'))), "Ctrl-R");
        assert_eq!(name(Key::plain(Code::Char('G'))), "G");
        assert_eq!(name(Key::plain(Code::F(2))), "F2");
    }
}
