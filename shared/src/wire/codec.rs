//! The codecs of the two ends: tarpc's messages to frames and back.
//!
//! What travels is Hillview's own envelope and not tarpc's types: no trace context, no deadline
//! by the client's clock (a hostile one overflows the server's), and freedom from tarpc's
//! versions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use tarpc::{ClientMessage, Request, Response, ServerError, context, trace};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use super::pack::{OLDEST, common, pack, packed_with, plain, unpack};
use super::{Answer, Call, FRAME_MAX, FRAME_MAX_STRANGER};

const LENGTH_BYTES: usize = 4;

/// tarpc wants a deadline for each request. The server's gate has its own for each call; this one
/// is only out of its way.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// One call or reply. To a server, no body means that the client waits no longer; to a client, that
/// the server has too many calls of this connection in hand.
#[derive(Serialize, Deserialize)]
struct Envelope {
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Bytes>,
}

/// Which dictionary one end of a connection packs with: the one that every end has, until it is
/// known that the other end has a newer one.
#[derive(Clone)]
pub struct Packing(Arc<AtomicU8>);

impl Packing {
    fn new() -> Self {
        Self(Arc::new(AtomicU8::new(OLDEST)))
    }

    /// Packs with the newest of the other end's dictionaries that this one has as well.
    pub fn choose(&self, theirs: &[u32]) {
        let newest = common(theirs).and_then(|newest| u8::try_from(newest).ok());
        self.0.store(newest.unwrap_or(OLDEST), Ordering::Relaxed);
    }

    fn chosen(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Frames {
    lengths: LengthDelimitedCodec,
    greeting: bool,
    packing: Packing,
    /// Whether to pack with what the other end was seen to pack with.
    follows: bool,
}

impl Frames {
    fn new(longest: usize, follows: bool) -> Self {
        Self {
            packing: Packing::new(),
            follows,
            lengths: LengthDelimitedCodec::builder()
                .length_field_length(LENGTH_BYTES)
                .max_frame_length(longest)
                .new_codec(),
            greeting: true,
        }
    }

    /// The first frame each way goes unpacked: an end with other dictionaries must still be able
    /// to read why it was refused.
    fn write(&mut self, envelope: &Envelope, to: &mut BytesMut) -> io::Result<()> {
        let message = rmp_serde::to_vec_named(envelope).map_err(io::Error::other)?;
        let start = to.len();
        to.put_bytes(0, LENGTH_BYTES);
        if std::mem::take(&mut self.greeting) {
            plain(&message, to);
        } else {
            pack(self.packing.chosen(), &message, to)?;
        }
        let length = to.len() - start - LENGTH_BYTES;
        if length > FRAME_MAX {
            to.truncate(start);
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a message longer than a frame",
            ));
        }
        let length = u32::try_from(length).expect("a frame is shorter than 4 GiB");
        to[start..start + LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn read(&mut self, from: &mut BytesMut) -> io::Result<Option<Envelope>> {
        let Some(frame) = self.lengths.decode(from)? else {
            return Ok(None);
        };
        let message = unpack(&frame, |message| {
            rmp_serde::from_slice(message)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a frame that is no call"))
        })?;
        if self.follows
            && let Some(theirs) = packed_with(&frame)
        {
            self.packing.choose(&[theirs.into()]);
        }
        Ok(Some(message))
    }
}

/// The client's end.
pub struct ClientCodec(Frames);

impl ClientCodec {
    /// The codec of a new connection.
    #[expect(
        clippy::new_without_default,
        reason = "a codec is made for a connection"
    )]
    pub fn new() -> Self {
        Self(Frames::new(FRAME_MAX, false))
    }

    /// What this end packs with, to be chosen once the server has said what it has.
    pub fn packing(&self) -> Packing {
        self.0.packing.clone()
    }
}

impl Encoder<ClientMessage<Call>> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, message: ClientMessage<Call>, to: &mut BytesMut) -> io::Result<()> {
        let envelope = match message {
            ClientMessage::Request(request) => Envelope {
                id: request.id,
                body: Some(request.message.0),
            },
            ClientMessage::Cancel { request_id, .. } => Envelope {
                id: request_id,
                body: None,
            },
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        self.0.write(&envelope, to)
    }
}

impl Decoder for ClientCodec {
    type Item = Response<Answer>;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let envelope = self.0.read(from)?;
        Ok(envelope.map(|envelope| Response {
            request_id: envelope.id,
            message: envelope.body.map(Answer).ok_or_else(|| {
                ServerError::new(
                    io::ErrorKind::WouldBlock,
                    "too many calls at once".to_owned(),
                )
            }),
        }))
    }
}

/// The server's end.
pub struct ServerCodec {
    frames: Frames,
    trusted: Arc<AtomicBool>,
}

impl ServerCodec {
    /// The codec of a new connection, which takes long frames only once `trusted` says so.
    pub fn new(trusted: Arc<AtomicBool>) -> Self {
        Self {
            frames: Frames::new(FRAME_MAX_STRANGER, true),
            trusted,
        }
    }
}

impl Encoder<Response<Answer>> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, response: Response<Answer>, to: &mut BytesMut) -> io::Result<()> {
        let envelope = Envelope {
            id: response.request_id,
            body: response.message.ok().map(|answer| answer.0),
        };
        self.frames.write(&envelope, to)
    }
}

impl Decoder for ServerCodec {
    type Item = ClientMessage<Call>;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let longest = if self.trusted.load(Ordering::Relaxed) {
            FRAME_MAX
        } else {
            FRAME_MAX_STRANGER
        };
        self.frames.lengths.set_max_frame_length(longest);
        let envelope = self.frames.read(from)?;
        Ok(envelope.map(|envelope| match envelope.body {
            Some(body) => ClientMessage::Request(Request {
                context: context(),
                id: envelope.id,
                message: Call(body),
            }),
            None => ClientMessage::Cancel {
                trace_context: trace::Context::default(),
                request_id: envelope.id,
            },
        }))
    }
}

fn context() -> context::Context {
    let mut context = context::current();
    context.deadline += NEVER;
    context
}
