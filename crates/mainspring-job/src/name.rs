//! Names a job for people, logs and stores.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A job's name: 1 to 255 bytes without control characters.
///
/// A name outlives a process, so it is what binds a stored job to its handler, and what decides
/// about `H` and spread in its schedule. Clones share one allocation.
///
/// ```
/// use mainspring_job::JobName;
///
/// let name = JobName::new("nightly backup")?;
/// assert_eq!(name.as_str(), "nightly backup");
/// assert!(JobName::new("").is_err());
/// assert!(JobName::new("two\nlines").is_err());
/// # Ok::<(), mainspring_job::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(Arc<str>);

impl JobName {
    /// The most bytes a name may have.
    pub const BYTES_MAX: usize = 255;

    /// Takes `name` if it may be one.
    ///
    /// # Errors
    /// If it is empty, longer than [`BYTES_MAX`](Self::BYTES_MAX), or has a control character.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > Self::BYTES_MAX {
            return Err(NameError::TooLong { bytes: name.len() });
        }
        if let Some(column) = name.chars().position(char::is_control) {
            return Err(NameError::ControlCharacter { column: column + 1 });
        }
        Ok(Self(name.into()))
    }

    /// The queue of those who name none.
    pub(crate) fn default_queue() -> Self {
        Self("default".into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Borrow<str> for JobName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a job's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It has no character.
    Empty,
    /// It has more than [`JobName::BYTES_MAX`] bytes.
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// It has a control character, a line feed for example.
    ControlCharacter {
        /// Where the first one stands: 1-based, in characters.
        column: usize,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a job's name must not be empty"),
            Self::TooLong { bytes } => write!(
                f,
                "a job's name of {bytes} bytes is too long; allowed: {} bytes",
                JobName::BYTES_MAX
            ),
            Self::ControlCharacter { column } => write!(
                f,
                "control character in a job's name at column {column}; allowed: printable characters"
            ),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::{JobName, NameError};

    #[test]
    fn the_bounds_are_exact() {
        assert!(JobName::new(&"n".repeat(255)).is_ok());
        assert_eq!(JobName::new(&"n".repeat(256)), Err(NameError::TooLong { bytes: 256 }));
        assert_eq!(JobName::new("é\u{7}"), Err(NameError::ControlCharacter { column: 2 }));
    }
}
