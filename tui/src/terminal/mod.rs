//! The terminal: taking it over, giving it back however the program ends, and drawing to it with
//! as few bytes as can be. What is drawn is the business of the screens.

mod abilities;
mod draft;
mod input;
mod pen;
mod screen;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use hillview_shared::{ApiError, Kind};
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};

pub use abilities::Abilities;
pub use input::listen;
pub use screen::Screen;

/// The other screen, cleared on terminals that have no other; pasted text in brackets.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h";
/// Everything back: look, scroll region, cursor, paste, and the screen of before.
const LEAVE: &[u8] = b"\x1b[m\x1b[r\x1b[H\x1b[J\x1b[?25h\x1b[?2004l\x1b[?1049l";

/// Set while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Says why there can be no screen here, or nothing.
///
/// # Errors
/// When input or output is no terminal, or the terminal is a dumb one.
pub fn check(term: Option<&str>) -> Result<(), ApiError> {
    let refusal = |code: &str, message: &str| {
        Err(ApiError::new(Kind::Usage, code, message).hint(
            "use a subcommand instead, such as hillview marks show; hillview --help lists them",
        ))
    };
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return refusal(
            "no-terminal",
            "the screen needs a terminal for input and output",
        );
    }
    if term == Some("dumb") {
        return refusal(
            "dumb-terminal",
            "TERM is \"dumb\": this terminal cannot move its cursor, so there can be no screen",
        );
    }
    Ok(())
}

/// The terminal while it is ours; dropping it gives it back.
pub struct Taken {
    terminal: Terminal<Screen<File>>,
}

impl Taken {
    /// Takes the terminal over: raw mode, the other screen. From now on a panic gives it back
    /// before it is told.
    ///
    /// # Errors
    /// When the terminal does not let itself be set, or cannot be written to.
    pub fn take(abilities: Abilities) -> io::Result<Self> {
        // A descriptor of our own, past the standard library's buffer: a frame is one write.
        let mut to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let size = known_size()?;
        restore_on_panic();
        crossterm::terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let opened = to
            .write_all(ENTER)
            .and_then(|()| Terminal::new(Screen::new(to, size, abilities)));
        match opened {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// The terminal's size.
    pub fn size(&self) -> Size {
        self.terminal.size().unwrap_or_default()
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view).map(|_| ())
    }

    /// The terminal has another size; the next frame is drawn from nothing.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub fn resized(&mut self, size: Size) -> io::Result<()> {
        self.terminal.backend_mut().resized(size);
        self.terminal.clear()
    }

    /// Whatever the terminal shows, the next frame is drawn from nothing.
    ///
    /// # Errors
    /// When the terminal does not tell its size, or cannot be written to any more.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.resized(known_size()?)
    }

    /// Sounds the bell.
    ///
    /// # Errors
    /// When the terminal cannot be written to any more.
    pub fn bell(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().write_aside(b"\x07")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        restore();
    }
}

/// The terminal's size; a serial line knows none and says 0.
fn known_size() -> io::Result<Size> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok(match (columns, rows) {
        (0, _) | (_, 0) => Size::new(80, 24),
        (columns, rows) => Size::new(columns, rows),
    })
}

/// Gives the terminal back, once. There is nobody left to tell when that fails.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = out.write_all(LEAVE).and_then(|()| out.flush());
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}
