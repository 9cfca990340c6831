//! Trains the dictionary that both ends of the wire have built in, from calls and replies as they
//! are in a school. `scripts/train-dictionary` runs it.
//!
//! The samples are made here, from names and subjects and no real person, and always the same: the
//! same code gives the same dictionary.

mod changes;
mod lists;
mod names;
mod rights;
mod samples;

use std::error::Error;

use bytes::{Bytes, BytesMut};
use hillview_shared::wire::{Answer, Call, ClientCodec, ServerCodec};
use tarpc::{ClientMessage, Request, Response};
use tokio_util::codec::Encoder;

const LENGTH: usize = 16 * 1024;
/// The length and the mark before what is packed.
const BEFORE_MESSAGE: usize = 5;

#[expect(clippy::print_stderr, reason = "a tool for developers reports there")]
fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("name the file to write")?;
    let mut ids = 0_u64;
    let samples = samples::make()
        .into_iter()
        .map(|sample| {
            ids += 1;
            match sample {
                samples::Sample::Up(call) => up(ids % 120, call),
                samples::Sample::Down(answer) => down(ids % 120, answer),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let dictionary = zstd::dict::from_samples(&samples, LENGTH)?;
    std::fs::write(&file, &dictionary)?;
    let total: usize = samples.iter().map(Vec::len).sum();
    eprintln!(
        "{} samples of {total} bytes gave {} bytes",
        samples.len(),
        dictionary.len()
    );
    Ok(())
}

/// The first frame of a codec goes unpacked, which is what the trainer wants to see.
fn up(id: u64, call: Bytes) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut frame = BytesMut::new();
    let request = Request {
        context: tarpc::context::current(),
        id,
        message: Call(call),
    };
    ClientCodec::new().encode(ClientMessage::Request(request), &mut frame)?;
    Ok(frame.split_off(BEFORE_MESSAGE).to_vec())
}

fn down(id: u64, answer: Bytes) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut frame = BytesMut::new();
    let response = Response {
        request_id: id,
        message: Ok(Answer(answer)),
    };
    ServerCodec::new(Default::default()).encode(response, &mut frame)?;
    Ok(frame.split_off(BEFORE_MESSAGE).to_vec())
}
