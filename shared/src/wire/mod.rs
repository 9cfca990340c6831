//! How calls become bytes: the same code at both ends.
//!
//! A frame is a length of four bytes, a byte that says how the rest is packed, and the rest: an
//! envelope in MessagePack with field names. The envelope carries the call or its reply as bytes,
//! so that a call that this end does not know costs one refusal and not the connection. Names
//! cost next to nothing, because frames are compressed with a dictionary that both ends have: a
//! client names its dictionaries in hello, the server answers which one it may pack with, and is
//! answered in the one that it packs with. So either end may be the older one.
//!
//! Sockets are not here: the server's are in its `serve`, the client's in its `client`.

mod codec;
mod pack;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use tarpc::RequestName;

use crate::api::{HillviewRequest, HillviewResponse};
use crate::error::{ApiError, Kind};

pub use codec::{ClientCodec, Packing, ServerCodec};
pub use pack::{DICTIONARIES, common};

/// The longest frame, and the longest that a frame may unpack to. What is longer goes in pieces.
pub const FRAME_MAX: usize = 256 * 1024;
/// The longest frame that a server takes from a connection that has not logged in.
pub const FRAME_MAX_STRANGER: usize = 4 * 1024;
/// The longest call or reply, which leaves room for its envelope.
pub const BODY_MAX: usize = FRAME_MAX - 64;
/// Calls that one connection may have in flight.
pub const IN_FLIGHT: usize = 16;
/// The port of a server that was not told another.
pub const PORT: u16 = 7443;
/// A server closes a connection that has sent nothing for so long.
pub const IDLE_MAX: Duration = Duration::from_secs(300);
/// A client that has heard nothing for so long asks for a sign of life.
pub const QUIET_MAX: Duration = Duration::from_secs(75);

/// A call, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call(pub Bytes);

/// A reply, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub Bytes);

impl RequestName for Call {
    fn name(&self) -> &str {
        "call"
    }
}

/// How long a server works on a call before it gives up.
pub fn time_limit(request: &HillviewRequest) -> Duration {
    match request {
        HillviewRequest::RunImport { .. }
        | HillviewRequest::UndoImport { .. }
        | HillviewRequest::VerifyAudit { .. }
        | HillviewRequest::AddSchool { .. }
        | HillviewRequest::ExportSchool { .. }
        | HillviewRequest::RemoveSchool { .. } => Duration::from_secs(600),
        _ => Duration::from_secs(30),
    }
}

impl Call {
    /// Encodes a request.
    ///
    /// # Errors
    /// When it is too long for one frame.
    pub fn encode(request: &HillviewRequest) -> Result<Self, ApiError> {
        encode(request).map(Self)
    }

    /// Reads the request.
    ///
    /// # Errors
    /// When this end does not know the call or cannot read what it brings.
    pub fn decode(&self) -> Result<HillviewRequest, ApiError> {
        rmp_serde::from_slice(&self.0).map_err(|_| {
            ApiError::new(
                Kind::Unsupported,
                "unsupported",
                format!(
                    "this server cannot read the call {:?}",
                    self.method().unwrap_or_default()
                ),
            )
            .hint("the client and the server are of different versions: update the older one")
        })
    }

    /// The name of the call as sent, such as `SaveMarks`, even when this end does not know it.
    pub fn method(&self) -> Option<String> {
        name_of(&self.0)
    }
}

impl Answer {
    /// Encodes a response.
    ///
    /// # Errors
    /// When it is too long for one frame.
    pub fn encode(response: &HillviewResponse) -> Result<Self, ApiError> {
        encode(response).map(Self)
    }

    /// The reply to any call, known or not, that gives an error and nothing else.
    pub fn refusal(method: &str, error: &ApiError) -> Self {
        let reply = BTreeMap::from([(method, Err::<(), _>(error))]);
        let bytes = rmp_serde::to_vec_named(&reply).expect("a map of text encodes");
        Self(bytes.into())
    }

    /// The error that the reply gives, when it gives one.
    pub fn error(&self) -> Option<ApiError> {
        let reply: BTreeMap<String, Result<IgnoredAny, ApiError>> =
            rmp_serde::from_slice(&self.0).ok()?;
        reply.into_values().next()?.err()
    }

    /// Reads the response to a call.
    ///
    /// # Errors
    /// When it answers another call, or this end cannot read it.
    pub fn decode(&self, call: &Call) -> Result<HillviewResponse, ApiError> {
        let unreadable = || {
            ApiError::new(
                Kind::Other,
                "unreadable-answer",
                "the server's answer could not be read",
            )
            .hint("the client and the server are of different versions: update the older one")
        };
        if name_of(&self.0) != call.method() {
            return Err(unreadable());
        }
        rmp_serde::from_slice(&self.0).map_err(|_| unreadable())
    }
}

fn encode<T: serde::Serialize>(message: &T) -> Result<Bytes, ApiError> {
    let bytes = rmp_serde::to_vec_named(message).map_err(|error| {
        ApiError::new(
            Kind::Fault,
            "unwritable",
            format!("cannot be sent: {error}"),
        )
    })?;
    if bytes.len() > BODY_MAX {
        return Err(ApiError::invalid(
            "too-large",
            format!(
                "{} bytes are more than one call may carry ({BODY_MAX})",
                bytes.len()
            ),
        )
        .hint("send or ask for less at a time"));
    }
    Ok(bytes.into())
}

/// The one key of the outermost map, when it looks like the name of a call.
fn name_of(body: &[u8]) -> Option<String> {
    struct FirstKey;

    impl<'de> Visitor<'de> for FirstKey {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a call")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            map.next_key::<String>()
        }
    }

    let mut from = rmp_serde::Deserializer::new(body);
    let name = from.deserialize_map(FirstKey).ok().flatten()?;
    let plain =
        (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(name)
}

#[cfg(test)]
mod tests;
