//! Where a server is: `unix:/path` or `tls://host:port`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use hillview_shared::wire::PORT;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ServerAddress {
    /// A Unix socket on this machine.
    Unix(PathBuf),
    /// TLS over TCP.
    Tls {
        /// A name or an address; an IPv6 address without its brackets.
        host: String,
        /// [`PORT`] when none is given.
        port: u16,
    },
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no server address; write unix:/path or tls://host or tls://host:port")]
pub struct AddressError(String);

impl AddressError {
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AddressError(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(wrong()),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let rest = text.strip_prefix("tls://").ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(wrong)?;
                match after {
                    "" => (host, None),
                    after => (host, Some(after.strip_prefix(':').ok_or_else(wrong)?)),
                }
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None => PORT,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        if host.is_empty() || port == 0 || !host.bytes().all(plain) {
            return Err(wrong());
        }
        Ok(Self::Tls {
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tls { host, port } if host.contains(':') => write!(f, "tls://[{host}]:{port}"),
            Self::Tls { host, port } => write!(f, "tls://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_show_the_same() {
        for (text, shown) in [
            ("unix:/run/hillview.sock", "unix:/run/hillview.sock"),
            ("unix:///run/hillview.sock", "unix:/run/hillview.sock"),
            ("tls://marks.school.ke", "tls://marks.school.ke:7443"),
            ("tls://Marks.School.KE:9000/", "tls://marks.school.ke:9000"),
            ("tls://10.0.0.7:9000", "tls://10.0.0.7:9000"),
            ("tls://[::1]:9000", "tls://[::1]:9000"),
            ("tls://[::1]", "tls://[::1]:7443"),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse::<ServerAddress>().unwrap(), address);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "unix:",
            "tcp://host:1",
            "host:7443",
            "tls://",
            "tls://:7443",
            "tls://host:0",
            "tls://host:x",
            "tls://host:70000",
            "tls://::1",
            "tls://[::1",
            "tls://a b",
            "tls://u@h",
        ] {
            assert!(text.parse::<ServerAddress>().is_err(), "{text}");
        }
    }
}
