//! The calls that decide who speaks on a connection: hello, logging in and out, a new password.

use std::sync::Arc;

use hillview_shared::accounts::{ChangePassword, LogIn, LoggedIn};
use hillview_shared::api::{Hello, PROTOCOL, Welcome};
use hillview_shared::wire::{DICTIONARIES, common};
use hillview_shared::{ApiError, Kind};

use crate::caller::Caller;
use crate::error::Result;
use crate::gate::Connection;
use crate::service::accounts;

pub async fn hello(connection: &Connection, hello: Hello) -> Result<Welcome> {
    let dictionary = understood(&hello)?;
    let peer = connection.greeted(source(&hello.client));
    let resumed = match &hello.resume {
        Some(resume) => accounts::resume(&connection.state, &peer, resume).await?,
        None => None,
    };
    let who = match resumed {
        Some((who, session)) => {
            let seat = connection.seat(&who.school.code, who.user)?;
            connection.speak_for(peer, session, seat);
            Some(who)
        }
        None => None,
    };
    Ok(Welcome {
        protocol: PROTOCOL,
        server: env!("CARGO_PKG_VERSION").to_owned(),
        time: connection.state.clock.now(),
        dictionary,
        who,
    })
}

pub async fn log_in(connection: &Connection, request: LogIn) -> Result<LoggedIn> {
    let peer = connection.peer();
    let seat = |school: &str, user| connection.seat(school, user);
    let (logged_in, session, seat) =
        accounts::log_in_seated(&connection.state, &peer, request, seat).await?;
    connection.speak_for(peer, session, seat);
    Ok(logged_in)
}

pub async fn log_out(connection: &Connection, caller: &Caller) -> Result<()> {
    accounts::log_out(&connection.state, caller).await?;
    connection.speak_for_nobody(connection.peer());
    Ok(())
}

pub async fn change_password(
    connection: &Connection,
    caller: &Caller,
    request: ChangePassword,
) -> Result<LoggedIn> {
    let peer = connection.peer();
    // Held meanwhile: another call of the connection may find that the old session has ended.
    let seat = connection.seat(caller.school_code(), caller.user())?;
    let (logged_in, session) =
        accounts::change_password(&connection.state, &peer, caller, request).await?;
    connection.speak_for(peer, session, seat);
    Ok(logged_in)
}

/// The dictionary to speak with a client. One that would not understand the answers is refused,
/// and told which end is the older one.
fn understood(hello: &Hello) -> Result<u32> {
    let newest = |of: &[u32]| of.iter().max().copied().unwrap_or(0);
    let (ours, theirs, what) = match common(&hello.dictionaries) {
        Some(dictionary) if hello.protocol == PROTOCOL => return Ok(dictionary),
        None if hello.protocol == PROTOCOL => (
            newest(&DICTIONARIES),
            newest(&hello.dictionaries),
            "dictionary",
        ),
        _ => (PROTOCOL, hello.protocol, "protocol"),
    };
    let older = if theirs < ours { "client" } else { "server" };
    let text = format!("the client speaks {what} {theirs}, the server speaks {ours}");
    Err(ApiError::new(Kind::Unsupported, "wrong-protocol", text)
        .hint(format!("update the {older}"))
        .into())
}

/// What histories name: the client's name without its version, when it is a plain word.
fn source(client: &str) -> Arc<str> {
    let name = client.split(' ').next().unwrap_or_default();
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase());
    if plain && (1..=10).contains(&name.len()) {
        Arc::from(name)
    } else {
        Arc::from("other")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn spoken(protocol: u32, dictionaries: Vec<u32>) -> Result<u32, ApiError> {
        let hello = Hello {
            protocol,
            client: "tui 1".to_owned(),
            dictionaries,
            resume: None,
        };
        understood(&hello).map_err(Error::told)
    }

    #[test]
    fn the_newest_dictionary_that_both_have_is_spoken() {
        for (theirs, spoken_with) in [
            (vec![1], 1),
            (vec![2, 1], 2),
            (vec![1, 2, 99], 2),
            (DICTIONARIES.to_vec(), 2),
        ] {
            assert_eq!(spoken(PROTOCOL, theirs), Ok(spoken_with));
        }
    }

    #[test]
    fn the_older_end_is_named() {
        for (protocol, dictionaries, hint) in [
            (PROTOCOL - 1, vec![1], "update the client"),
            (PROTOCOL + 1, vec![1], "update the server"),
            (PROTOCOL, vec![], "update the client"),
            (PROTOCOL, vec![99], "update the server"),
        ] {
            let told = spoken(protocol, dictionaries).unwrap_err();
            assert_eq!(told.code, "wrong-protocol");
            assert_eq!(told.hint.as_deref(), Some(hint));
        }
    }

    #[test]
    fn a_history_names_plain_words_only() {
        for (client, name) in [
            ("tui 0.1.0", "tui"),
            ("cli", "cli"),
            ("", "other"),
            ("\u{1b}[31m 1", "other"),
            ("averyverylongname 1", "other"),
        ] {
            assert_eq!(&*source(client), name);
        }
    }
}
