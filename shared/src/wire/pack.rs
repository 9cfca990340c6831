//! Packing one frame. Each is compressed for itself: a connection keeps no state, and what one
//! frame holds never shows in the length of another.

use std::cell::RefCell;
use std::io;

use bytes::{BufMut, BytesMut};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, DParameter, FrameFormat};

use super::FRAME_MAX;

/// The number of the dictionary that both ends have; it stands before each packed frame.
pub const DICTIONARY: u32 = 1;

const PLAIN: u8 = 0;
const PACKED: u8 = DICTIONARY as u8;
const LEVEL: i32 = 3;

/// Made by `scripts/train-dictionary`.
static DICTIONARY_BYTES: &[u8] = include_bytes!("dictionary-1.bin");

/// The compressor and its room are a thread's, not a connection's: ten thousand connections that
/// say nothing cost nothing.
struct Packer {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
    room: Vec<u8>,
}

thread_local! {
    static PACKER: RefCell<Option<Packer>> = const { RefCell::new(None) };
}

impl Packer {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::with_dictionary(LEVEL, DICTIONARY_BYTES)?;
        for parameter in [
            CParameter::Format(FrameFormat::Magicless),
            CParameter::DictIdFlag(false),
            CParameter::ContentSizeFlag(false),
            CParameter::ChecksumFlag(false),
        ] {
            compressor.set_parameter(parameter)?;
        }
        let mut decompressor = Decompressor::with_dictionary(DICTIONARY_BYTES)?;
        decompressor.set_parameter(DParameter::Format(FrameFormat::Magicless))?;
        Ok(Self {
            compressor,
            decompressor,
            room: Vec::with_capacity(zstd::zstd_safe::compress_bound(FRAME_MAX)),
        })
    }
}

fn with_packer<T>(work: impl FnOnce(&mut Packer) -> io::Result<T>) -> io::Result<T> {
    PACKER.with_borrow_mut(|packer| {
        if packer.is_none() {
            *packer = Some(Packer::new()?);
        }
        work(packer.as_mut().expect("made above"))
    })
}

/// Appends the packed message to `to`; as it is when packing would not shorten it.
pub(super) fn pack(message: &[u8], to: &mut BytesMut) -> io::Result<()> {
    with_packer(|packer| {
        packer.room.clear();
        packer
            .compressor
            .compress_to_buffer(message, &mut packer.room)?;
        if packer.room.len() < message.len() {
            to.put_u8(PACKED);
            to.put_slice(&packer.room);
        } else {
            plain(message, to);
        }
        Ok(())
    })
}

/// Appends the message to `to` as it is.
pub(super) fn plain(message: &[u8], to: &mut BytesMut) {
    to.put_u8(PLAIN);
    to.put_slice(message);
}

/// Unpacks a frame and hands its message on; one that would come out longer than [`FRAME_MAX`] is
/// an error before it has cost more memory than that.
pub(super) fn unpack<T>(frame: &[u8], read: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
    let unreadable = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    match frame.split_first() {
        Some((&PLAIN, message)) => read(message),
        Some((&PACKED, packed)) => with_packer(|packer| {
            packer.room.clear();
            packer
                .decompressor
                .decompress_to_buffer(packed, &mut packer.room)
                .map_err(|_| unreadable("a frame that does not unpack"))?;
            if packer.room.len() > FRAME_MAX {
                return Err(unreadable("a frame that unpacks to too much"));
            }
            read(&packer.room)
        }),
        Some(_) => Err(unreadable("a frame packed with an unknown dictionary")),
        None => Err(unreadable("an empty frame")),
    }
}
