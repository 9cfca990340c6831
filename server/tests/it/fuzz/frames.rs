//! The decoder of frames, at both ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::BytesMut;
use hillview_server::testing::{Engine, Installation};
use hillview_shared::ApiError;
use hillview_shared::api::HillviewResponse;
use hillview_shared::wire::{Answer, Call, ClientCodec, FRAME_MAX, ServerCodec};
use tarpc::{ClientMessage, Request, Response};
use tokio_util::codec::{Decoder, Encoder};

use super::{Dice, inputs, seed, spoil};
use crate::samples::About;

const INPUTS: usize = 100_000;

/// What came of the inputs.
#[derive(Debug, Default)]
struct Counts {
    frames: usize,
    refused: usize,
    cut: usize,
    longest: usize,
    roomiest: usize,
}

/// Frames as both ends send them, the first of a connection and later ones.
fn real(calls: &[Call]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let trusted = Arc::new(AtomicBool::new(true));
    let (mut client, mut server) = (ClientCodec::new(), ServerCodec::new(trusted));
    for (id, call) in (1..).zip(calls) {
        let mut bytes = BytesMut::new();
        let request = Request {
            context: tarpc::context::current(),
            id,
            message: call.clone(),
        };
        client
            .encode(ClientMessage::Request(request), &mut bytes)
            .unwrap();
        all.push(bytes.to_vec());
        let mut bytes = BytesMut::new();
        let refusal = HillviewResponse::Ping(Err(ApiError::not_found("sheet").hint("look again")));
        let response = Response {
            request_id: id,
            message: Ok(Answer::encode(&refusal).unwrap()),
        };
        server.encode(response, &mut bytes).unwrap();
        all.push(bytes.to_vec());
    }
    all
}

/// Frames of a few bytes that unpack to more than is taken, each packed in another way.
fn bombs() -> Vec<Vec<u8>> {
    let magicless = zstd::zstd_safe::FrameFormat::Magicless;
    let mut all = Vec::new();
    for (level, length) in [
        (1, FRAME_MAX),
        (3, FRAME_MAX + 1),
        (19, 4 * FRAME_MAX),
        (19, 64 << 20),
    ] {
        for with_length in [true, false] {
            let mut packer = zstd::bulk::Compressor::new(level).unwrap();
            for parameter in [
                zstd::zstd_safe::CParameter::Format(magicless),
                zstd::zstd_safe::CParameter::ContentSizeFlag(with_length),
            ] {
                packer.set_parameter(parameter).unwrap();
            }
            all.push(framed(1, &packer.compress(&vec![0; length]).unwrap()));
        }
    }
    all
}

fn framed(mark: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 1).unwrap();
    let mut frame = length.to_be_bytes().to_vec();
    frame.push(mark);
    frame.extend(body);
    frame
}

/// One input: mostly something that is nearly right.
fn input(dice: &mut Dice, real: &[Vec<u8>], bombs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = match dice.below(10) {
        0 => dice.bytes(64),
        1 => {
            let most = u32::try_from(FRAME_MAX).unwrap();
            let lengths = [0, 1, 4, most, most + 1, u32::MAX, u32::MAX / 2, 4096, 4097];
            let mut bytes = dice.pick(&lengths).to_be_bytes().to_vec();
            bytes.extend(dice.bytes(48));
            bytes
        }
        2 => {
            let mark = dice.next().to_be_bytes()[0];
            framed(mark, &dice.bytes(96))
        }
        3 => framed(1, &dice.bytes(96)),
        // Few: each unpacks a quarter of a mebibyte before it is refused.
        4 if dice.once_in(40) => dice.pick(bombs).clone(),
        4 => {
            // A frame packed with the dictionary, under the mark of one that is not, and back.
            let mut frame = dice.pick(real).clone();
            frame[4] ^= 1;
            frame
        }
        _ => dice.pick(real).clone(),
    };
    match dice.below(4) {
        0 => spoil(dice, &mut bytes),
        1 if bytes.len() > 4 => {
            // The length is right, what it holds is not.
            let mut body = bytes.split_off(4);
            spoil(dice, &mut body);
            bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
            bytes.extend(body);
        }
        2 => {
            let more = dice.pick(real).clone();
            bytes.extend(more);
        }
        _ => {}
    }
    bytes
}

/// Gives bytes to a decoder in pieces, as a line would, until it refuses or wants more.
fn feed<D: Decoder<Error = std::io::Error>>(
    dice: &mut Dice,
    decoder: &mut D,
    bytes: &[u8],
    counts: &mut Counts,
    mut look: impl FnMut(D::Item) -> usize,
) {
    let mut buffer = BytesMut::new();
    let mut rest = bytes;
    loop {
        match decoder.decode(&mut buffer) {
            Ok(Some(message)) => {
                counts.frames += 1;
                counts.longest = counts.longest.max(look(message));
            }
            Ok(None) if rest.is_empty() => {
                counts.cut += usize::from(!buffer.is_empty());
                break;
            }
            Ok(None) => {
                let (piece, after) = rest.split_at(1 + dice.below(rest.len()));
                buffer.extend_from_slice(piece);
                rest = after;
            }
            Err(_) => {
                counts.refused += 1;
                break;
            }
        }
    }
    counts.roomiest = counts.roomiest.max(buffer.capacity());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_is_too_odd() {
    let it = Installation::new(Engine::Sqlite).await;
    let samples = About::school(&it).await.samples();
    it.remove().await;
    let calls: Vec<_> = samples
        .iter()
        .map(|sample| Call::encode(sample).unwrap())
        .collect();
    let (real, bombs) = (real(&calls), bombs());
    let seed = seed();
    println!("frames: seed {seed}");
    let began = std::time::Instant::now();
    let mut counts = Counts::default();
    for number in 0..inputs(INPUTS) {
        let dice = &mut Dice::new(seed.wrapping_add(u64::try_from(number).unwrap()));
        let bytes = input(dice, &real, &bombs);
        let trusted = Arc::new(AtomicBool::new(!dice.once_in(4)));
        let mut server = ServerCodec::new(trusted);
        feed(dice, &mut server, &bytes, &mut counts, |message| {
            let ClientMessage::Request(request) = message else {
                return 0;
            };
            let (_, _) = (request.message.method(), request.message.decode());
            request.message.0.len()
        });
        if dice.once_in(3) {
            let call = dice.pick(&calls).clone();
            let mut client = ClientCodec::new();
            feed(dice, &mut client, &bytes, &mut counts, |response| {
                let Ok(answer) = response.message else {
                    return 0;
                };
                let (_, _) = (answer.error(), answer.decode(&call));
                answer.0.len()
            });
        }
    }
    println!(
        "frames: seed {seed}, {} inputs in {:?}: {counts:?}",
        inputs(INPUTS),
        began.elapsed()
    );
    assert!(
        counts.frames > INPUTS / 4 && counts.refused > INPUTS / 4,
        "{counts:?}"
    );
    assert!(counts.longest <= FRAME_MAX, "{counts:?}");
    assert!(counts.roomiest <= 2 * FRAME_MAX, "{counts:?}");
}
