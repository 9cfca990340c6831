//! Codes that change with time, as RFC 6238 has them: SHA-1, six digits, a step of 30 seconds.
//!
//! A few lines on what TLS brings along anyway. What a crate for this would answer is whether a code
//! is right; what is needed is which step it is of, so that it works once.

use data_encoding::BASE32_NOPAD;
use hillview_shared::ids::Moment;
use ring::hmac;

/// How long a code is shown, in microseconds.
const STEP: i64 = 30_000_000;
/// Clocks of phones may be a step off, either way.
const OFF: i64 = 1;

/// The step whose code this is, around a moment.
pub fn step_of(secret: &[u8], code: &str, now: Moment) -> Option<i64> {
    let step = now.0 / STEP;
    // All are compared to the end, so that time does not tell which.
    let fits = |step: &i64| {
        let expected = code_at(secret, *step);
        let differing = expected
            .bytes()
            .zip(code.bytes())
            .fold(0, |all, (a, b)| all | (a ^ b));
        expected.len() == code.len() && differing == 0
    };
    let fitting: Vec<i64> = (step - OFF..=step + OFF).filter(fits).collect();
    fitting.last().copied()
}

/// The code of a step.
pub fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let four: [u8; 4] = tag[at..at + 4].try_into().expect("the tag has 20 bytes");
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

/// A secret as authenticators take it.
pub fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(SECRET, seconds / 30), code, "at {seconds} s");
        }
    }

    #[test]
    fn a_code_is_good_a_step_before_and_after() {
        let at = |seconds: i64| step_of(SECRET, "287082", Moment(seconds * 1_000_000));
        for (seconds, step) in [
            (0, Some(1)),
            (30, Some(1)),
            (59, Some(1)),
            (89, Some(1)),
            (90, None),
            (120, None),
        ] {
            assert_eq!(at(seconds), step, "at {seconds} s");
        }
        assert_eq!(step_of(SECRET, "28708", Moment(59_000_000)), None);
        assert_eq!(step_of(SECRET, "", Moment(59_000_000)), None);
    }

    #[test]
    fn base32_is_the_standard_one() {
        for (bytes, text) in [
            (&b"f"[..], "MY"),
            (b"fo", "MZXQ"),
            (b"foo", "MZXW6"),
            (b"foob", "MZXW6YQ"),
            (b"fooba", "MZXW6YTB"),
            (b"foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes), text);
        }
    }
}
