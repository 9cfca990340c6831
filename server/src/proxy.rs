//! Proxies in front of the server: which addresses are theirs, and the header (PROXY protocol, of
//! both versions) with which they begin a connection and say whose it is.
//!
//! Whoever may send the header may say any address, so it is read from the proxies of the settings
//! and from nobody else. Exactly its bytes are taken from the stream: TLS begins with the next one.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};

/// What the second version begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const TEXT: &[u8] = b"PROXY ";
/// The longest line of the first version, by its definition.
const TEXT_MAX: usize = 107;
/// Addresses take 216 bytes at the most; the rest is for what a proxy may add about its own TLS.
const REST_MAX: usize = 1024;

/// An address, or the addresses that begin with so many bits of it. Those of IPv4 are kept as IPv6
/// has them, because a listener for both sees them so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: u128,
    bits: u32,
}

/// Why a text is no network of proxies.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no address of a proxy: write 10.0.0.5 or a network as 10.0.0.0/24")]
pub struct NetworkError(String);

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        (wide(address) ^ self.first) & self.mask() == 0
    }

    fn mask(&self) -> u128 {
        u128::MAX.checked_shl(128 - self.bits).unwrap_or(0)
    }
}

fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NetworkError(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        let network = Self {
            first: wide(address),
            bits: 128 - most + bits.min(most),
        };
        // Everybody is no proxy; and 10.0.0.5/8 means either one address or sixteen million.
        let plain = network.first & !network.mask() == 0;
        match plain && (1..=most).contains(&bits) {
            true => Ok(network),
            false => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = IpAddr::from(self.first.to_be_bytes()).to_canonical();
        let before = if first.is_ipv4() { 96 } else { 0 };
        write!(f, "{first}/{}", self.bits - before)
    }
}

/// Reads the header of a proxy: the address of the client whose connection it passes on, or `None`
/// when the connection is the proxy's own, as when it looks whether the server is there.
pub async fn client_of(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let header = read(stream).await?;
    let config = ParseConfig::default();
    let (parsed, taken) = ProxyHeader::parse(&header, config).map_err(|_| wrong())?;
    if taken != header.len() {
        return Err(wrong());
    }
    match parsed.proxied_address() {
        Some(client) if client.protocol == Protocol::Stream => {
            Ok(Some(client.source.ip().to_canonical()))
        }
        Some(_) => Err(wrong()),
        None => Ok(None),
    }
}

/// The bytes of a header and no more.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    // No header of either version is shorter than the beginning of the second.
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(SIGNATURE.len() + 4, 0);
        stream.read_exact(&mut header[SIGNATURE.len()..]).await?;
        let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if rest > REST_MAX {
            return Err(wrong());
        }
        let before = header.len();
        header.resize(before + rest, 0);
        stream.read_exact(&mut header[before..]).await?;
    } else if header.starts_with(TEXT) {
        while !header.ends_with(b"\n") {
            if header.len() == TEXT_MAX {
                return Err(wrong());
            }
            header.push(stream.read_u8().await?);
        }
    } else {
        return Err(wrong());
    }
    Ok(header)
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no good PROXY header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Option<Network> {
        text.parse().ok()
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let cases = [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "::ffff:10.0.0.5", true),
            ("10.0.0.5", "10.0.0.4", false),
            ("10.0.0.5", "::10.0.0.5", false),
            ("10.0.0.0/24", "10.0.0.255", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("127.0.0.1/32", "127.0.0.1", true),
            ("127.0.0.1/32", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
        ];
        for (given, address, is_in) in cases {
            let contains = network(given).unwrap().contains(address.parse().unwrap());
            assert_eq!(contains, is_in, "{address} in {given}");
        }
        for shown in ["10.0.0.0/24", "10.0.0.5/32", "2001:db8::/32"] {
            assert_eq!(network(shown).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "proxy.school.ke",
            "10.0.0.5:7443",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.5/8",
            "10.0.0.5/33",
            "10.0.0.5/",
            "10.0.0.5/-1",
            "[::1]",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }

    /// What comes of bytes, and how many of those after the header are left.
    async fn heard(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, usize) {
        let mut rest = bytes;
        let client = client_of(&mut rest).await;
        (client, rest.len())
    }

    fn second(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut header = SIGNATURE.to_vec();
        header.extend([command, family]);
        header.extend(u16::try_from(addresses.len()).unwrap().to_be_bytes());
        header.extend(addresses);
        header
    }

    const FROM_TO: &[u8] = &[192, 0, 2, 7, 10, 0, 0, 1, 0xd4, 0x31, 0x1d, 0x13];

    #[tokio::test]
    async fn both_versions_tell_the_client_and_leave_what_follows() {
        let mut six = [0; 36];
        six[..16].copy_from_slice(
            &"2001:db8::7"
                .parse::<std::net::Ipv6Addr>()
                .unwrap()
                .octets(),
        );
        let more = [FROM_TO, &[0x04, 0, 3, 1, 2, 3]].concat();
        let cases: [(Vec<u8>, Option<&str>); 9] = [
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 7443\r\n".to_vec(),
                Some("192.0.2.7"),
            ),
            (
                b"PROXY TCP6 2001:db8::7 2001:db8::1 54321 7443\r\n".to_vec(),
                Some("2001:db8::7"),
            ),
            (
                b"PROXY TCP6 ::ffff:192.0.2.7 ::1 54321 7443\r\n".to_vec(),
                Some("192.0.2.7"),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (second(0x21, 0x11, FROM_TO), Some("192.0.2.7")),
            (second(0x21, 0x21, &six), Some("2001:db8::7")),
            (second(0x21, 0x11, &more), Some("192.0.2.7")),
            (second(0x20, 0x00, &[]), None),
            (second(0x20, 0x11, FROM_TO), None),
        ];
        for (header, client) in cases {
            let told = heard(&[&header[..], b"\x16\x03TLS"].concat()).await;
            let client = client.map(|client| client.parse::<IpAddr>().unwrap());
            assert_eq!((told.0.unwrap(), told.1), (client, 5), "{header:?}");
        }
    }

    #[tokio::test]
    async fn a_header_that_is_not_good_is_refused_and_a_long_one_is_not_read() {
        let mut long = second(0x21, 0x11, FROM_TO);
        long[14..16].copy_from_slice(&[0xff, 0xff]);
        let endless = [TEXT, &[b'A'; 200]].concat();
        let line = |text: &str| text.as_bytes().to_vec();
        for header in [
            line("PROXY TCP4 192.0.2.7 10.0.0.1 54321\r\n"),
            line("PROXY TCP4 192.0.2.777 10.0.0.1 54321 7443\r\n"),
            line("PROXY TCP4 2001:db8::7 ::1 54321 7443\r\n"),
            line("PROXY TCP4 192.0.2.7 10.0.0.1 54321 7443\n"),
            line("PROXY TCP4 192.0.2.7 10.0.0.1 54321 74430\r\n"),
            line("PROXY TCP5 192.0.2.7 10.0.0.1 54321 7443\r\n"),
            line("proxy TCP4 192.0.2.7 10.0.0.1 54321 7443\r\n"),
            line("PROXY\tTCP4 192.0.2.7 10.0.0.1 54321 7443\r\n"),
            second(0x11, 0x11, FROM_TO),
            second(0x22, 0x11, FROM_TO),
            second(0x21, 0x12, FROM_TO),
            second(0x21, 0x41, FROM_TO),
            second(0x21, 0x11, &FROM_TO[..11]),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00".to_vec(),
            long.clone(),
            endless.clone(),
        ] {
            let error = heard(&header).await.0.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{header:?}");
        }
        // Of these no more was taken than what tells that they are too long.
        long.extend([0; 100_000]);
        assert_eq!(heard(&long).await.1, long.len() - 16);
        assert_eq!(heard(&endless).await.1, endless.len() - TEXT_MAX);
    }

    #[tokio::test]
    async fn a_cut_header_is_no_header() {
        let whole = [
            second(0x21, 0x11, FROM_TO),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 7443\r\n".to_vec(),
        ];
        for header in &whole {
            for length in 0..header.len() {
                let error = heard(&header[..length]).await.0.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
            }
        }
    }
}
