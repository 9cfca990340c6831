//! What comes from the terminal, as the core's messages.

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::msg::{Code, Key, Msg};

/// A burst with this many keys at once, and lines among them, was not typed: no hand is that fast,
/// and a line that stalls for two seconds does not hold back that many.
const BURST_KEYS: usize = 24;
const BURST_LINES: usize = 2;

/// Reads the terminal on a thread of its own until `tell` says that nobody listens, or the
/// terminal is gone; then `gone` is called.
pub fn listen(tell: impl Fn(Msg) -> bool + Send + 'static, gone: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        while let Ok(events) = at_once() {
            if !messages(events).into_iter().all(&tell) {
                break;
            }
        }
        gone();
    });
}

/// Waits for input, and takes all that is there.
fn at_once() -> std::io::Result<Vec<Event>> {
    let mut events = vec![event::read()?];
    while event::poll(std::time::Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}

fn messages(events: Vec<Event>) -> Vec<Msg> {
    let keys = || events.iter().filter_map(pressed);
    // A terminal without bracketed paste sends what is pasted as keys.
    let text: Option<String> = events.iter().map(pasted).collect();
    if let Some(text) = text
        && text.chars().count() >= BURST_KEYS
        && keys().filter(|key| key.code == Code::Enter).count() >= BURST_LINES
    {
        return vec![Msg::Paste(text)];
    }
    events
        .iter()
        .filter_map(|event| match event {
            Event::Paste(text) => Some(Msg::Paste(text.clone())),
            Event::Resize(columns, rows) => Some(Msg::Resize {
                columns: *columns,
                rows: *rows,
            }),
            other => pressed(other).map(Msg::Key),
        })
        .collect()
}

/// The character of a key that a paste may consist of.
fn pasted(event: &Event) -> Option<char> {
    let key = pressed(event)?;
    match key.code {
        Code::Enter => Some('\n'),
        Code::Tab => Some('\t'),
        _ => key.text(),
    }
}

fn pressed(event: &Event) -> Option<Key> {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind,
        ..
    }) = event
    else {
        return None;
    };
    if *kind == KeyEventKind::Release {
        return None;
    }
    let code = match code {
        KeyCode::Char(c) => Code::Char(*c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(*number),
        _ => return None,
    };
    let with = |modifier| modifiers.contains(modifier);
    Some(Key {
        code,
        ctrl: with(KeyModifiers::CONTROL),
        alt: with(KeyModifiers::ALT),
        shift: with(KeyModifiers::SHIFT) && !matches!(code, Code::Char(_) | Code::BackTab),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Event> {
        let code = |c| match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        let key = |c| Event::Key(KeyEvent::new(code(c), KeyModifiers::NONE));
        text.chars().map(key).collect()
    }

    fn pastes(events: Vec<Event>) -> bool {
        matches!(&messages(events)[..], [Msg::Paste(_)])
    }

    #[test]
    fn a_pasted_column_is_told_from_typing_that_was_held_up() {
        let column = "47\n52\n61\n39\n40\n55\n18\n60\n";
        assert!(pastes(keys(column)));
        assert!(
            !pastes(keys("47\n52\n61\n39\n40\n")),
            "two seconds of typing"
        );
        assert!(!pastes(keys("a name that is typed without a line end")));
        let mut with_a_command = keys(column);
        with_a_command.push(Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)));
        assert!(
            !pastes(with_a_command),
            "no paste has keys without a character"
        );
        assert!(pastes(vec![Event::Paste("47".into())]));
    }

    #[test]
    fn only_presses_count_and_shift_is_in_the_character() {
        let key =
            |code, modifiers, kind| Event::Key(KeyEvent::new_with_kind(code, modifiers, kind));
        let (press, release) = (KeyEventKind::Press, KeyEventKind::Release);
        assert_eq!(
            pressed(&key(KeyCode::Enter, KeyModifiers::NONE, release)),
            None
        );
        let big = pressed(&key(KeyCode::Char('G'), KeyModifiers::SHIFT, press));
        assert_eq!(big, Some(Key::plain(Code::Char('G'))));
        let ctrl = pressed(&key(KeyCode::Char('r'), KeyModifiers::CONTROL, press));
        assert_eq!(ctrl, Some(Key::ctrl(Code::Char('r'))));
    }
}
