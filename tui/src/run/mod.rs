//! The one place of the screen that waits: for keys, answers, the line, signals. It turns them
//! into messages for the core, carries out the effects that come back, and draws.
//!
//! Everything that happened is taken in before one frame is drawn, and nothing happens by itself:
//! no tick, no timer that draws.

mod files;
mod line;
mod login;
mod saving;
mod session;
mod turn;

use std::io;

use chrono::{Local, Utc};
use hillview_shared::api::{HillviewResponse, Resume};
use hillview_shared::ids::{Moment, OperationId};
use hillview_shared::{ApiError, Kind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::app::App;
use crate::client::{Servers, Trust};
use crate::config::Settings;
use crate::msg::{Msg, Start, Ticket};
use crate::terminal::{self, Abilities, Taken};
use crate::theme::{Palette, Theme};
use crate::tokens::Tokens;
use line::{Change, Line};
use turn::Turn;

/// Something that happened outside the core.
enum Event {
    Input(Msg),
    Line(Change),
    Answered {
        asker: Asker,
        /// The number of the session under which it was asked.
        session: u64,
        answer: Result<Box<HillviewResponse>, ApiError>,
    },
    /// A file was read or written.
    File(Msg),
    /// A save that the server had no time for may be tried again.
    SaveAgain(OperationId),
    /// A signal, or the terminal is gone.
    Stop,
}

/// Who asked the server.
#[derive(Clone, Copy)]
enum Asker {
    /// A screen; it gets the answer as it is.
    Screen(Ticket),
    /// A screen, for a login.
    LogIn(Ticket),
    /// A screen, for another password.
    Password(Ticket),
    /// A login that was given up, to end the session that came of it.
    UnwantedSession,
    /// The outbox.
    Outbox(OperationId),
    /// Nobody waits for the answer.
    Nobody,
}

/// Takes the terminal and shows the screens until the person leaves.
///
/// # Errors
/// When there can be no screen here, or the terminal fails.
pub fn screen(settings: Settings) -> Result<(), ApiError> {
    terminal::check(std::env::var("TERM").ok().as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| failed("cannot start", &error))?;
    let outcome = runtime.block_on(show(&settings));
    // Whatever still waits for an answer is in the outbox, or was only to be shown.
    runtime.shutdown_background();
    let farewell = outcome.map_err(|error| failed("the terminal failed", &error))?;
    for words in farewell {
        crate::cli::output::say(&words);
    }
    Ok(())
}

/// Runs the screens; gives what there is to say once the terminal is as before.
async fn show(settings: &Settings) -> io::Result<Vec<String>> {
    let (tell, mut events) = unbounded_channel();
    stop_on_signals(&tell)?;
    let abilities = Abilities {
        colour: settings.color,
        ascii: settings.ascii,
    };
    let mut taken = Taken::take(abilities)?;
    listen(&tell);
    let tokens = Tokens::new(&settings.folders.state, &settings.server);
    let kept = tokens.find(settings.school.as_deref(), settings.user.as_deref());
    let kept = kept.ok().flatten();
    let resume = kept.as_ref().map(|kept| Resume {
        school: kept.school.clone(),
        token: kept.token,
    });
    let size = taken.size();
    let app = App::new(Start {
        server: settings.server.clone(),
        school: kept
            .as_ref()
            .map(|kept| kept.school.clone())
            .or(settings.school.clone()),
        user: kept
            .as_ref()
            .map(|kept| kept.user.clone())
            .or(settings.user.clone()),
        resuming: resume.is_some(),
        now: now(),
        utc_offset: Local::now().offset().local_minus_utc(),
        columns: size.width,
        rows: size.height,
        theme: Theme {
            palette: if settings.color {
                Palette::Sixteen
            } else {
                Palette::Monochrome
            },
            ascii: settings.ascii,
        },
    });
    taken.draw(|frame| app.view(frame))?;
    let line = start_line(settings, resume, &tell);
    let mut turn = Turn::new(app, settings, tokens, kept, line, tell);
    turns(&mut turn, &mut taken, &mut events).await?;
    Ok(turn.farewell())
}

/// Turn after turn: take in all that happened, then draw once.
async fn turns(
    turn: &mut Turn,
    taken: &mut Taken,
    events: &mut UnboundedReceiver<Event>,
) -> io::Result<()> {
    while let Some(first) = events.recv().await {
        turn.happened(first, taken)?;
        while let Ok(next) = events.try_recv() {
            turn.happened(next, taken)?;
        }
        turn.end(taken)?;
        if turn.is_over() {
            return Ok(());
        }
        taken.draw(|frame| turn.app().view(frame))?;
    }
    Ok(())
}

fn start_line(settings: &Settings, resume: Option<Resume>, tell: &UnboundedSender<Event>) -> Line {
    let servers: Servers = settings
        .server
        .parse()
        .expect("the settings hold an address that was read");
    let trust = match &settings.ca {
        Some(file) => Trust::Authorities(file.clone()),
        None => Trust::Pinned(settings.folders.state.join("known_servers")),
    };
    let tell = tell.clone();
    // Nobody listens any more when the screens are left.
    Line::keep(servers, trust, resume, move |change| {
        let _ = tell.send(Event::Line(change));
    })
}

fn listen(tell: &UnboundedSender<Event>) {
    let (input, gone) = (tell.clone(), tell.clone());
    terminal::listen(
        move |message| input.send(Event::Input(message)).is_ok(),
        move || {
            let _ = gone.send(Event::Stop);
        },
    );
}

fn stop_on_signals(tell: &UnboundedSender<Event>) -> io::Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
    ] {
        let (mut signal, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move {
            signal.recv().await;
            let _ = tell.send(Event::Stop);
        });
    }
    Ok(())
}

fn now() -> Moment {
    Moment(Utc::now().timestamp_micros())
}

fn failed(what: &str, error: &io::Error) -> ApiError {
    ApiError::new(Kind::Fault, "terminal-failed", format!("{what}: {error}"))
}
