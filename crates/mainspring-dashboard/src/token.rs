//! Proves who asks: a token, or what a browser was given for it.
//!
//! # Ground rules
//! - The token itself is not kept: what it is turned into is compared, in the same time wherever it differs.
//! - The cookie follows from the token alone, so that who is signed in stays so when the program restarts, and
//!   is signed out when the token changes.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::{Error, Kind};

/// What a dashboard asks for before it answers: a secret of at least [`BYTES_MIN`](Self::BYTES_MIN)
/// characters.
///
/// ```
/// use mainspring_dashboard::Token;
///
/// assert!(Token::new("correct-horse-battery").is_ok());
/// assert!(Token::new("admin").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    session: [u8; 32],
}

impl Token {
    /// The least bytes that a token may have.
    pub const BYTES_MIN: usize = 16;

    /// Takes `text` as the token.
    ///
    /// # Errors
    /// If it is shorter than [`BYTES_MIN`](Self::BYTES_MIN), or has anything but printable ASCII.
    pub fn new(text: &str) -> Result<Self, Error> {
        if text.len() < Self::BYTES_MIN {
            return Err(Kind::ShortToken { bytes: text.len() }.into());
        }
        if let Some(index) = text.chars().position(|c| !c.is_ascii_graphic()) {
            return Err(Kind::StrangeToken { column: index + 1 }.into());
        }
        Ok(Self { session: session_of(text) })
    }

    /// Whether `text` is the token.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.session.ct_eq(&session_of(text)).into()
    }

    /// Whether `cookie` was given for the token.
    pub(crate) fn is_cookie(&self, cookie: &str) -> bool {
        self.cookie().as_bytes().ct_eq(cookie.as_bytes()).into()
    }

    /// What a browser keeps.
    pub(crate) fn cookie(&self) -> String {
        self.session.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

fn session_of(token: &str) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("a key of any length is taken");
    mac.update(b"mainspring dashboard session 1");
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_knows_itself_and_its_cookie() {
        let token = Token::new("a-token-of-some-length").expect("a token");
        assert!(token.is("a-token-of-some-length"));
        assert!(!token.is("a-token-of-some-lengtH") && !token.is(""));
        assert!(token.is_cookie(&token.cookie()) && token.cookie().len() == 64);
        assert!(!token.is_cookie("") && !token.is_cookie("a-token-of-some-length"));
        let other = Token::new("another-token-of-some-length").expect("a token");
        assert!(!other.is_cookie(&token.cookie()));
        assert!(!format!("{token:?}").contains(&token.cookie()));
    }

    #[test]
    fn what_cannot_be_a_token_says_why() {
        let error = |text: &str| Token::new(text).expect_err("no token").to_string();
        assert!(error("short").contains("5 bytes"));
        assert!(error("sixteen characters").contains("character 8"));
        assert!(error("ééééééééé").contains("character 1"));
    }
}
