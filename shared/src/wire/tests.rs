use bytes::BytesMut;
use tarpc::{ClientMessage, Request, Response, context, trace};
use tokio_util::codec::{Decoder, Encoder};

use super::*;
