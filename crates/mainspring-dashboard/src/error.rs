//! Says why a dashboard cannot be set up.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// Why a token was not taken, or an address not bound.
///
/// The text may change; the questions stay.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    ShortToken { bytes: usize },
    StrangeToken { column: usize },
    Exposed(SocketAddr),
    Bind(SocketAddr, io::Error),
}

impl Error {
    /// Whether others than this machine could reach the address, and no token guards it.
    pub fn is_exposed(&self) -> bool {
        matches!(self.kind, Kind::Exposed(_))
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::ShortToken { bytes } => write!(
                f,
                "a token of {bytes} bytes could be guessed; allowed: {} bytes or more",
                crate::Token::BYTES_MIN
            ),
            Kind::StrangeToken { column } => write!(
                f,
                "character {column} of the token cannot stand in a header; allowed: printable ASCII \
                 without spaces"
            ),
            Kind::Exposed(address) => write!(
                f,
                "others than this machine could reach {address}, and no token guards the dashboard"
            ),
            Kind::Bind(address, _) => write!(f, "cannot listen on {address}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Bind(_, error) => Some(error),
            _ => None,
        }
    }
}
