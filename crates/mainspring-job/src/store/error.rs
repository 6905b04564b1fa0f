//! Says why a store could not do what it was asked.

use std::error::Error as StdError;
use std::fmt;

/// Why a store could not do what it was asked.
///
/// Unless the verb's documentation says otherwise, nothing of the call was recorded. The text is for
/// people and not part of the stable interface; the questions are.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of trouble a [`StoreError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached or is busy; the same call may work again.
    ///
    /// Whether what was asked has happened is not known: a connection may break after the work was
    /// committed and before that was heard.
    Unavailable,
    /// There is no room left where the store keeps its data.
    Full,
    /// The store may be read but not written.
    ReadOnly,
    /// The data is damaged, or is not this store's.
    Corrupt,
    /// The data was written by a newer version, which this one does not understand.
    NewerSchema,
    /// What was asked makes no sense: a text that the store cannot keep, for example.
    Refused,
    /// Anything else.
    Other,
}

impl StoreError {
    /// For stores: an error of that kind; `text` says what went wrong, where, and what would help.
    pub fn new(kind: StoreErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// For stores: keeps what caused it.
    pub fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same call may work again, a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Full)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
