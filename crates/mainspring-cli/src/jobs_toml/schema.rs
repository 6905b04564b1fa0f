//! The JSON Schema of `jobs.toml`, for editors.

/// What `mainspring schema` prints.
pub(crate) const SCHEMA: &str = include_str!("../../schema/jobs.json");
