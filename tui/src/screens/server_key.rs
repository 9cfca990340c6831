//! The server shows another key than before: what that may mean, and what to do.
//!
//! ```text
//!  The key of the server has changed
//!
//!  known   sha256:3f0c…            the one that was remembered here
//!  shown   sha256:97ab…            the one that is shown now
//!
//!  what it may mean; what to check; the command that trusts the new key
//! ```

use ratatui::layout::Position;

use hillview_shared::ApiError;

use super::Screen;
use crate::app::context::Context;
use crate::command::{Command, Scope};
use crate::theme::Tone;
use crate::widgets::pen::Pen;
use crate::widgets::text;

/// The code of the refusal that this screen explains.
pub const CHANGED: &str = "server-key-changed";

const KNOWN: usize = 10;

#[derive(Debug)]
pub struct ServerKey {
    server: String,
    /// The keys that the refusal names: the known one, then the one shown.
    keys: Vec<String>,
}

impl ServerKey {
    pub fn new(server: &str, refusal: &ApiError) -> Self {
        let words = refusal.message.split([' ', ',']);
        let keys = words.filter(|word| word.starts_with("sha256:"));
        Self {
            server: server.to_owned(),
            keys: keys.map(str::to_owned).collect(),
        }
    }
}

impl Screen for ServerKey {
    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Anywhere]
    }

    fn place(&self) -> String {
        "The server's key".to_owned()
    }

    fn ends_online(&self) -> bool {
        true
    }

    fn command(&mut self, _command: Command, _context: &mut Context) {}

    fn view(&self, pen: &mut Pen<'_>, _context: &Context) -> Option<Position> {
        pen.wipe();
        pen.put(0, 1, Tone::Heading, "The key of the server has changed");
        let mut line = 2;
        for (name, key) in ["known", "shown"].into_iter().zip(&self.keys) {
            pen.put(line, 1, Tone::Faint, name);
            // In two halves, so that both are whole on a narrow screen.
            let (first, second) = key.split_at(key.floor_char_boundary(key.len() / 2));
            pen.put(line, KNOWN, Tone::Plain, first);
            pen.put(line + 1, KNOWN, Tone::Plain, second);
            line += 2;
        }
        line += 1;
        let trust = format!("hillview --server {} server trust", self.server);
        for (tone, words) in [
            (
                Tone::Bad,
                "Somebody may stand between you and the server. Nothing was sent: no password, no mark.",
            ),
            (
                Tone::Plain,
                "Ask whoever runs the server to read its key to you, by telephone or on paper. The server prints it when it starts.",
            ),
            (
                Tone::Plain,
                "If it is not the one shown, do not go on. If it is, close Hillview and trust it:",
            ),
            (Tone::Heading, &trust),
            (
                Tone::Plain,
                "Marks that are queued stay on this machine and are sent afterwards. R tries again.",
            ),
        ] {
            for part in text::wrap(words, pen.columns().saturating_sub(2)) {
                pen.put(line, 1, tone, &part);
                line += 1;
            }
        }
        None
    }
}
