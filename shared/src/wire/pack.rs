//! Packing one frame. Each is compressed for itself: a connection keeps no state, and what one
//! frame holds never shows in the length of another.

use std::cell::RefCell;
use std::io;

use bytes::{BufMut, BytesMut};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, DParameter, FrameFormat};

use super::FRAME_MAX;

/// The numbers of the dictionaries that this end has, the oldest first. A packed frame begins with
/// the number of its own; what it stands for never changes.
pub const DICTIONARIES: [u32; 2] = [1, 2];

/// The dictionary that every end has.
pub(super) const OLDEST: u8 = 1;
const PLAIN: u8 = 0;
const LEVEL: i32 = 3;

/// Made by `scripts/train-dictionary`, each when calls had been added.
pub(super) static BYTES: [&[u8]; DICTIONARIES.len()] = [
    include_bytes!("dictionary-1.bin"),
    include_bytes!("dictionary-2.bin"),
];

/// The newest dictionary that both ends have, of those that the other one names.
pub fn common(theirs: &[u32]) -> Option<u32> {
    DICTIONARIES.into_iter().rfind(|ours| theirs.contains(ours))
}

/// The place of a dictionary in [`BYTES`].
fn place(dictionary: u8) -> Option<usize> {
    DICTIONARIES
        .iter()
        .position(|ours| *ours == u32::from(dictionary))
}

/// The compressor and its room are a thread's, not a connection's: ten thousand connections that
/// say nothing cost nothing.
struct Packer {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
    room: Vec<u8>,
}

thread_local! {
    static PACKERS: RefCell<[Option<Packer>; DICTIONARIES.len()]> =
        const { RefCell::new([const { None }; DICTIONARIES.len()]) };
}

impl Packer {
    fn new(dictionary: &'static [u8]) -> io::Result<Self> {
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
        for parameter in [
            CParameter::Format(FrameFormat::Magicless),
            CParameter::DictIdFlag(false),
            CParameter::ContentSizeFlag(false),
            CParameter::ChecksumFlag(false),
        ] {
            compressor.set_parameter(parameter)?;
        }
        let mut decompressor = Decompressor::with_dictionary(dictionary)?;
        decompressor.set_parameter(DParameter::Format(FrameFormat::Magicless))?;
        Ok(Self {
            compressor,
            decompressor,
            room: Vec::with_capacity(zstd::zstd_safe::compress_bound(FRAME_MAX)),
        })
    }
}

fn with_packer<T>(place: usize, work: impl FnOnce(&mut Packer) -> io::Result<T>) -> io::Result<T> {
    PACKERS.with_borrow_mut(|packers| {
        let packer = &mut packers[place];
        if packer.is_none() {
            *packer = Some(Packer::new(BYTES[place])?);
        }
        work(packer.as_mut().expect("made above"))
    })
}

/// Appends the packed message to `to`; as it is when packing would not shorten it.
pub(super) fn pack(dictionary: u8, message: &[u8], to: &mut BytesMut) -> io::Result<()> {
    let place = place(dictionary).ok_or(io::ErrorKind::Unsupported)?;
    with_packer(place, |packer| {
        packer.room.clear();
        packer
            .compressor
            .compress_to_buffer(message, &mut packer.room)?;
        if packer.room.len() < message.len() {
            to.put_u8(dictionary);
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

/// The dictionary that a frame is packed with, where it is packed with one of ours.
pub(super) fn packed_with(frame: &[u8]) -> Option<u8> {
    let mark = frame.first().copied()?;
    place(mark).map(|_| mark)
}

/// Unpacks a frame and hands its message on; one that would come out longer than [`FRAME_MAX`] is
/// an error before it has cost more memory than that.
pub(super) fn unpack<T>(frame: &[u8], read: impl FnOnce(&[u8]) -> io::Result<T>) -> io::Result<T> {
    let unreadable = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let (mark, packed) = frame
        .split_first()
        .ok_or_else(|| unreadable("an empty frame"))?;
    if *mark == PLAIN {
        return read(packed);
    }
    let place =
        place(*mark).ok_or_else(|| unreadable("a frame packed with an unknown dictionary"))?;
    with_packer(place, |packer| {
        packer.room.clear();
        packer
            .decompressor
            .decompress_to_buffer(packed, &mut packer.room)
            .map_err(|_| unreadable("a frame that does not unpack"))?;
        if packer.room.len() > FRAME_MAX {
            return Err(unreadable("a frame that unpacks to too much"));
        }
        read(&packer.room)
    })
}
